#!/usr/bin/env bash
# highspy 1.16.0 prints its banner on standard output before it can be told to be silent.
#
# Expected: a program that sets output_flag to False sees nothing of the solver on standard output, as with 1.15.1.
# Seen: highspy.Highs() gives itself its callbacks in its constructor, and the solver then prints two lines on file
# descriptor 1, past Python's sys.stdout. The object exists only afterwards, so nobody can silence it first; a program
# whose standard output is data (JSON) is spoiled. The base class without callbacks is silent, and giving it the
# callbacks after output_flag was set is silent too: that is the way round.
#
# Needs bash, Python 3.11 or newer with venv, and a package index. Prints what it saw; exit 0 while the behaviour is
# as described, 1 when it changed.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
changed=0

install() { # VERSION
    python3 -m venv "$place/$1"
    "$place/$1/bin/pip" install -q "highspy==$1" 2>"$place/pip.log" || { cat "$place/pip.log"; exit 2; }
}

# What the program prints on descriptor 1, standard error left out.
printed() { # VERSION PROGRAM
    "$place/$1/bin/python" -c "$2" 2>/dev/null
}

expect() { # VERSION WHAT banner|nothing PROGRAM
    local seen found=nothing
    seen=$(printed "$1" "$4") || { echo "highspy $1, $2: the program failed"; changed=1; return; }
    case $seen in "") ;; "Running HiGHS"*) found=banner ;; *) found=other ;; esac
    echo "highspy $1, $2: $found (expected here: $3)"
    [ -z "$seen" ] || sed 's/^/    /' <<<"$seen"
    [ "$found" = "$3" ] || changed=1
}

PLAIN='
import highspy
solver = highspy.Highs()
solver.setOptionValue("output_flag", False)'

BASE='
import highspy
solver = highspy._core._Highs()
solver.setOptionValue("output_flag", False)'

SILENCED_FIRST='
import highspy

class Silent(highspy.Highs):
    def enableCallbacks(self):
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()

Silent()'

python3 --version
for version in 1.15.1 1.16.0; do install "$version"; done
expect 1.15.1 "Highs() and output_flag off" nothing "$PLAIN"
expect 1.16.0 "Highs() and output_flag off" banner "$PLAIN"
expect 1.16.0 "the base class, without callbacks" nothing "$BASE"
expect 1.16.0 "output_flag off before the callbacks" nothing "$SILENCED_FIRST"

if [ "$changed" = 0 ]; then echo "as described"; else echo "the behaviour changed"; fi
exit "$changed"
