## defaults what do fit's defaults rest on?              WAYS x SEEDS, each over FOLDS
#
# The folds are the same for all, so that a figure is of every essay and seeds differ in nothing but training.
# `first` are the defaults of fit's first version; the others are today's with one loss or another.  ways_NAME are
# the options of a way NAME: make -C examples defaults WAYS="mse mine" ways_mine="--lr 1e-3"

WAYS = first mse ce
ways_first = --loss mse --epochs 8 --lr 3e-4 --keep best --thresholds round
ways_mse = --loss mse
ways_ce = --loss ce

defaults: $(OUT)/defaults.md $(OUT)/defaults_paired.txt
	@cat $< && echo && cat $(word 2,$^)

# $(1) way, $(2) seed: all folds' predictions as one stream.
defaults_folds = $(folds:%=$(OUT)/defaults/folds/$(1)_$(2)_%.predictions)
define defaults_rules
$(foreach k,$(folds),$(call run,defaults/folds/$(1)_$(2)_$k,$(OUT)/folds/$(FOLDS),$(ways_$(1)) --fold $k --seed $(2)))
$(OUT)/defaults/$(1)_$(2).predictions: $(call defaults_folds,$(1),$(2))
	@cat $$^ > $$@.part
	@$$(keep)
endef
$(foreach w,$(WAYS),$(foreach s,$(SEEDS),$(eval $(call defaults_rules,$w,$s))))

$(OUT)/defaults.md: $(foreach w,$(WAYS),$(SEEDS:%=$(OUT)/defaults/$w_%.tsv))
	$(call table,way,accuracy kappa=qwk macro_F1=macro_f1)

# Essay by essay, with the first seed: each way against the first of them.
defaults_of = $(OUT)/defaults/$(1)_$(firstword $(SEEDS)).predictions
$(OUT)/defaults_paired.txt: $(foreach w,$(WAYS),$(call defaults_of,$w))
	@for these in $(wordlist 2,$(words $^),$^); do \
	    echo "$$(basename $$these .predictions) against $(basename $(notdir $<))"; \
	    evalm -q --against $< $$these | sed -n '/^ *these/,$$p'; \
	done > $@.part
	@$(keep)
