# What the experiments share: the stages from a file of essays to figures, and how a table is made of these.
# A stage is written beside its place and moved there when it is whole, so that one that is there is whole.

SHELL = bash
.SHELLFLAGS = -o pipefail -c
.DELETE_ON_ERROR:

settings = DATA=$(DATA) MODEL=$(MODEL) TOK=$(TOK) FIT=$(FIT)
ifneq ($(filter-out list clean,$(MAKECMDGOALS)),)
ifeq ($(shell command -v tok),)
$(error the filters are not on the PATH: open 'rubric sh' first, or run: rubric sh -c 'make ...')
endif
# Results are of one file, one model and one set of options: with others they are refused, not mixed.
ifneq ($(wildcard $(OUT)/settings),)
ifneq ($(file <$(OUT)/settings),$(settings))
$(error $(OUT) was made with $(file <$(OUT)/settings), not $(settings): give another OUT, or 'make clean')
endif
endif
endif

place = mkdir -p $(@D)
keep = mv $@.part $@

$(OUT)/settings:
	@$(place)
	@printf '%s\n' '$(subst ','\'',$(settings))' > $@

# The essays as tokens.  embed and fit find the model that the stream names.
sources = $(DATA) $(MODEL:%=%/config.json) $(OUT)/settings
tok = tok -q --threads $(THREADS) $(if $(MODEL),-m $(MODEL)) $(TOK)
embed = embed -q --threads $(THREADS)
$(OUT)/tokens: $(sources)
	$(tok) $< > $@.part
	@$(keep)

# 80 % in training, each class by itself.  One seed divides the essays in one way, also where an experiment
# has other tokens or vectors of them, in a file called whole.
divide = split -q --stratify --seed $(1) $< > $@.part
$(OUT)/split_%: $(OUT)/tokens
	$(call divide,$*)
	@$(keep)
define split_rules
$(OUT)/%/split_$(1): $(OUT)/%/whole
	$$(call divide,$(1))
	@$$(keep)
endef
$(foreach s,$(SEEDS),$(eval $(call split_rules,$s)))

# $(call run,NAME,STREAM,OPTIONS): OUT/NAME.model by fit with these options, and OUT/NAME.predictions of the
# records it passes on.  A model older than its stream goes; an interrupted run goes on.
define run_rules
$(OUT)/$(1).predictions: $(2)
	@$$(place)
	@for old in $(OUT)/$(1).model $(OUT)/$(1).model.partial; do [ "$$$$old" -nt $(2) ] || rm -rf "$$$$old"; done
	fit -q --threads $$(THREADS) --resume -o $(OUT)/$(1).model $(3) $(4) $(2) | \
	    predict -q --threads $$(THREADS) > $$@.part
	@$$(keep)
endef
run = $(eval $(call run_rules,$(1),$(2),$(3),$$(FIT)))
# The same with a head on vectors, which takes no options of training.
run_head = $(eval $(call run_rules,$(1),$(2),$(3)))

# Figures, a line each.
%.tsv: %.predictions
	@evalm -q --tsv $< > $@.part
	@$(keep)

# $(call table,COLUMNS,FIGURES,OPTIONS): what ./table prints of the figures that are prerequisites.
define table
@./table $(3) "$(1)" "$(2)" $(filter %.tsv,$^) > $@.part
@$(keep)
endef
