# One target per verb; each verb is a script in scripts/ that runs by itself.
#
#   make test ARGS="-k registry"     pass something on
#   make test PYTHON=python3.13      choose the interpreter

PYTHON ?= python3
PORT ?= 8765
export PYTHON PORT
MAKEFLAGS += --no-print-directory

VERBS := demo test lint docs minimal wheel conformance conformance-server \
         conformance-stdio interop bench messages clean

.DEFAULT_GOAL := help
.PHONY: help $(VERBS)

help:
	@for verb in $(VERBS); do \
	    printf 'make %-20s %s\n' $$verb "$$(sed -n '2s/^# //p' scripts/$$verb)"; \
	done

$(VERBS):
	@exec scripts/$@ $(ARGS)
