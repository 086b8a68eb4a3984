"""What clients that register themselves ask, under the toolkit's name for it."""

from django.urls import include, path

from django_mcp.oauth.registration import RegistrationView

views = [path("register", RegistrationView.as_view(), name="dcr-register")]
urlpatterns = [path("", include((views, "oauth2_provider")))]
