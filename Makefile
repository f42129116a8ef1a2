# make demo   install into .venv and run the main job on the sample pictures: group, calibrate, merge, faces, map
# make things  draw pictures of six things, and map them; part of the demo
# make people   draw people who do not exist, and find and score them; part of the demo
# make pictures   draw the pictures of README.md and docs again, from the samples
# make models fetch the models that finding people and maps of pictures need; nothing else downloads them
# make test   install with the test tools and run every check, with the models if they can be fetched

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
DEMO := demo
PEOPLE := face-detector face-landmarks face-embedding
THINGS := image-embedding
NUMBER_OF_CORES := $(shell $(PYTHON) -c "import os; print(os.cpu_count())")

.PHONY: demo people things pictures models test clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[people]"
	touch $@

$(STAMP)-test: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,people]"
	touch $@

demo: $(STAMP)
	$(BIN)/hdrkit group samples/room -o $(DEMO)/sorted
	$(BIN)/hdrkit calibrate $(DEMO)/sorted/groups.csv -o $(DEMO)/room_response.npz
	$(BIN)/hdrkit merge $(DEMO)/sorted/groups.csv --response $(DEMO)/room_response.npz -o $(DEMO)/room --preview
	$(BIN)/hdrkit calibrate samples/allsky -o $(DEMO)/allsky_response.npz
	$(BIN)/hdrkit merge samples/allsky --response $(DEMO)/allsky_response.npz -o $(DEMO)/allsky --align none --range auto --preview
	$(MAKE) --no-print-directory people things PYTHON=$(PYTHON)
	@echo
	@echo "The demo wrote, below $(CURDIR)/$(DEMO):"
	@cd $(DEMO) && find . -type f ! -name '.*' ! -path './sorted/*/*' ! -path './people_gallery/*' ! -path './drawn_things/*' | sort | xargs ls -l | awk '{printf "  %9d  %s\n", $$5, $$NF}'

people: $(STAMP)
	$(BIN)/python samples/make_people.py $(DEMO)/drawn_people
	@if $(BIN)/hdrkit models fetch $(PEOPLE); then \
	  set -e; export HDRKIT_GALLERY=$(DEMO)/people_gallery; \
	  $(BIN)/hdrkit faces $(DEMO)/drawn_people -o $(DEMO)/people --threshold 0.02; \
	  $(BIN)/hdrkit score $(DEMO)/people; \
	else echo "The demo of hdrkit faces is left out: its models cannot be fetched here."; fi

things: $(STAMP)
	$(BIN)/python samples/make_map.py $(DEMO)/drawn_things
	@if $(BIN)/hdrkit models fetch $(THINGS); then \
	  $(BIN)/hdrkit map $(DEMO)/drawn_things -o $(DEMO)/map; \
	else echo "The demo of hdrkit map is left out: its model cannot be fetched here."; fi

pictures: $(STAMP)
	$(BIN)/python samples/make_pictures.py

models: $(STAMP)
	$(BIN)/hdrkit models fetch $(PEOPLE) $(THINGS)

test: $(STAMP)-test
	-$(BIN)/hdrkit models fetch $(PEOPLE) $(THINGS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(NUMBER_OF_CORES) -q

clean:
	rm -rf .venv $(DEMO)
