## shares   how many scored essays are enough?            SHARES (percent of the training part) x SEEDS
#
# A share is drawn from the training part by dividing that once more, each class by itself.  What is held
# out, and so what the figures are of, stays the same.  As many epochs for fewer essays are fewer steps.
# The interval is what other held-out essays would make of kappa: the means of the ends of the runs' own.

SHARES = 10 20 30 40 50 60 70 80 90 100

shares: $(OUT)/shares.md
	@cat $<

$(OUT)/shares/training_%: $(OUT)/split_%
	@$(place)
	show -q --where part=train --stream $< > $@.part
	@$(keep)

$(OUT)/shares/held_%: $(OUT)/split_%
	@$(place)
	show -q --where part=val --stream $< > $@.part
	@$(keep)

# $(1) percent, $(2) seed: the share, then what is held out, as two segments of one stream.
rest = $(shell echo $$((100 - $(1))))
draw = $(if $(filter 100,$(1)),cat,split -q --replace --stratify --ratio $(1):$(rest) --seed $(2))
define shares_rules
$(OUT)/shares/$(1)_$(2).stream: $(OUT)/shares/training_$(2) $(OUT)/shares/held_$(2)
	{ $(draw) $$< | show -q --where part=train --stream && cat $(OUT)/shares/held_$(2); } > $$@.part
	@$$(keep)
endef
$(foreach p,$(SHARES),$(foreach s,$(SEEDS),$(eval $(call shares_rules,$p,$s))\
    $(call run,shares/$p_$s,$(OUT)/shares/$p_$s.stream,--seed $s)))

shares_figures = $(foreach p,$(SHARES),$(SEEDS:%=$(OUT)/shares/$p_%.tsv))

# The number of essays trained on is one more figure.
$(shares_figures): %.tsv: %.predictions %.stream
	@{ evalm -q --ci --tsv $< && \
	    tally -q --no-duplicates --csv $*.stream | sed -n 's/^records,train,all,/essays\t/p'; } > $@.part
	@$(keep)

$(OUT)/shares.md: $(shares_figures)
	$(call table,percent,essays:count accuracy kappa=qwk 95_%_from=qwk_low:mean to=qwk_high:mean)
