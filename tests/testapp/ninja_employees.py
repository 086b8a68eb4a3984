"""The API of django-ninja's documentation, as a project would have copied it.

https://django-ninja.dev/tutorial/other/crud/: nothing in here was written with
tools in mind.
"""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, NinjaAPI, Schema, UploadedFile

from tests.testapp.ninja_models import Employee

api = NinjaAPI(urls_namespace="employees")


class EmployeeIn(Schema):
    first_name: str
    last_name: str
    department_id: int | None = None
    birthdate: date | None = None


class EmployeeOut(Schema):
    id: int
    first_name: str
    last_name: str
    department_id: int | None = None
    birthdate: date | None = None


@api.post("/employees")
def create_employee(
    request: HttpRequest, payload: EmployeeIn, cv: UploadedFile = File(...)
) -> Any:
    payload_dict = payload.dict()
    employee = Employee(**payload_dict)
    employee.cv.save(cv.name, cv)
    return {"id": employee.id}


@api.get("/employees/{employee_id}", response=EmployeeOut)
def get_employee(request: HttpRequest, employee_id: int) -> Any:
    employee = get_object_or_404(Employee, id=employee_id)
    return employee


@api.get("/employees", response=list[EmployeeOut])
def list_employees(request: HttpRequest) -> Any:
    qs = Employee.objects.all()
    return qs


@api.put("/employees/{employee_id}")
def update_employee(request: HttpRequest, employee_id: int, payload: EmployeeIn) -> Any:
    employee = get_object_or_404(Employee, id=employee_id)
    for attr, value in payload.dict().items():
        setattr(employee, attr, value)
    employee.save()
    return {"success": True}


@api.delete("/employees/{employee_id}")
def delete_employee(request: HttpRequest, employee_id: int) -> Any:
    employee = get_object_or_404(Employee, id=employee_id)
    employee.delete()
    return {"success": True}
