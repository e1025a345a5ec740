## frozen   which layer, under which linear head?         LAYERS x HEADS x SEEDS
#
# The encoder stays as it is: vectors are made once for each layer, and heads fitted in a moment.  Of use with
# a MODEL that was pretrained; the default one has random weights.  Labels without an order: HEADS=logistic.

# all of MODEL's, 0 being the embeddings
depth := $(shell sed -n 's/.*"num_hidden_layers": *\([0-9]*\).*/\1/p' $(MODEL:%=%/config.json) /dev/null)
LAYERS = $(shell seq 0 $(or $(depth),2))
HEADS = ridge ordinal logistic

frozen: $(OUT)/frozen.md
	@cat $<

$(LAYERS:%=$(OUT)/frozen/%/whole): $(OUT)/frozen/%/whole: $(OUT)/tokens
	@$(place)
	$(embed) --layer $* $< > $@.part
	@$(keep)

$(foreach l,$(LAYERS),$(foreach h,$(HEADS),$(foreach s,$(SEEDS),\
    $(call run_head,frozen/$l_$h_$s,$(OUT)/frozen/$l/split_$s,--head $h --seed $s))))

$(OUT)/frozen.md: $(foreach l,$(LAYERS),$(foreach h,$(HEADS),$(SEEDS:%=$(OUT)/frozen/$l_$h_%.tsv)))
	$(call table,layer head,accuracy kappa=qwk macro_F1=macro_f1)
