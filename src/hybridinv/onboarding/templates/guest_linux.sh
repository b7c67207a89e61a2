#!/bin/bash
# Runs onboard.sh, which gets the secret from its standard input; the file with the secret is deleted first. What the script
# says goes to log, what the agent says of itself to state, the exit code to code.
umask 077
cd -- "$(dirname -- "$0")" || exit 1
if [ -e secret ]; then
  exec 3<secret
  rm -f -- secret
else
  exec 3</dev/null
fi
child=''
trap 'kill -TERM "$child" 2>/dev/null' HUP INT TERM
/bin/bash onboard.sh <&3 >log 2>&1 3<&- &
child=$!
exec 3<&-
wait "$child"
code=$?
# A signal ends the wait, not yet the script: that tidies up first.
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
PATH=$PATH:/opt/azcmagent/bin
azcmagent show -j </dev/null >state 2>/dev/null
printf '%s\n' "$code" >code.new
mv -f -- code.new code
exit "$code"
