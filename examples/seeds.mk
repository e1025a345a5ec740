## seeds    what does dividing by chance do?              --stratify against --random, DIVISIONS
#
# Training always has the same seed: what varies comes from which essays are held out.  The rarest class is
# the one with the fewest essays in all of DATA; its recall is undefined where none of these is held out.

DIVISIONS = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20

seeds: $(OUT)/seeds.md
	@cat $<

$(OUT)/seeds/random_%.split: $(OUT)/tokens
	@$(place)
	split -q --random --seed $* $< > $@.part
	@$(keep)

$(OUT)/seeds/rarest: $(OUT)/tokens
	@$(place)
	@tally -q --no-duplicates --csv $< | sed -nE 's/^class,[^,]*,(.*),([1-9][0-9]*)$$/\2\t\1/p' | sort -n | \
	    sed -n '1s/^[0-9]*\t//p' > $@.part
	@$(keep)

$(foreach s,$(DIVISIONS),$(call run,seeds/stratify_$s,$(OUT)/split_$s)\
    $(call run,seeds/random_$s,$(OUT)/seeds/random_$s.split))

seeds_figures = $(foreach d,stratify random,$(DIVISIONS:%=$(OUT)/seeds/$d_%.tsv))

# The accuracy of one class's records is the class's recall.
$(seeds_figures): %.tsv: %.predictions $(OUT)/seeds/rarest
	@evalm -q --tsv --by y $< | awk -F '\t' -v OFS='\t' -v class="$$(< $(OUT)/seeds/rarest)" '{ print } \
	    $$1 == "by." class ".n" { held = $$2 } \
	    $$1 == "by." class ".accuracy" { print "recall", $$2 } \
	    END { print "held", held + 0 }' > $@.part
	@$(keep)

rarest = $$(tr ' ' _ < $(OUT)/seeds/rarest)
seeds_shown = accuracy kappa=qwk from_to=qwk:range \
    recall_of_$(rarest)=recall from_to=recall:range essays_of_$(rarest)=held:count
$(OUT)/seeds.md: $(seeds_figures) $(OUT)/seeds/rarest
	$(call table,split,$(seeds_shown))
