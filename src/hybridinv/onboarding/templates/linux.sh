#!/usr/bin/env bash
# Onboards this machine to Azure Arc. Run it as root. Rendered by hybridinv; it holds no secret.
#
# It ends with 0 when the agent is connected. Every other number is a failure:
#   1-125   azcmagent's own exit code; 18 is: not root, 67 is: connected elsewhere
#   130     no systemd (AZCM0130)                   141  a virtual machine of Azure (AZCM0141)
#   143     the agent was not installed (AZCM0143), or the script was told to end
#   200     the download was refused, or failed     203  no secret was given
#   201     another run is under way                204  the agent is not connected
#   202     this machine is not in the plan         205  the download has another checksum
#   207     it was not run with bash
{ set +x; } 2>/dev/null # a trace would show the secret
if [ -z "${BASH_VERSION-}" ]; then
  echo 'run this with bash: bash, then the name of this file' >&2
  exit 207
fi
set -u -o pipefail
secret=${ARC_ONBOARDING_SECRET-}
unset ARC_ONBOARDING_SECRET # before anything is run: no command shall have it in its environment

config=@@config@@
secret_key=@@secret_key@@
asks_principal=@@asks_principal@@
subscription=@@subscription@@
resource_group=@@resource_group@@
resource_name=@@resource_name@@
proxy=@@proxy@@
proxy_bypass=@@proxy_bypass@@
agent_version=@@agent_version@@
download_url=@@download_url@@
download_host=@@download_host@@
sha256=@@sha256@@
planned=@@planned@@
place=/run # memory, not a disk
asset_tag=/sys/class/dmi/id/chassis_asset_tag
work='' child='' more=''

# The name in Azure of a machine of the plan.
planned_name() {
  case $1 in
@@machines@@
    *) return 1 ;;
  esac
}

codes() {
  cat <<'CODES'
@@codes@@
CODES
}

say() { printf '%s\n' "$*"; }

fail() { # exit code, message
  local code=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$code"
}

stop() { # exit code, on a signal
  trap '' HUP INT TERM
  if [ -n "$child" ]; then
    kill -TERM "$child" 2>/dev/null
    wait "$child"
  fi
  exit "$1"
}

# Shows what a command says, keeps it in "$work/said", and gives its exit code. The command is not in the foreground, so
# that a signal ends it at once, and it cannot read what this script reads.
run() {
  local code teller
  rm -f -- "$work/says"
  mkfifo -- "$work/says"
  tee -a -- "$work/said" <"$work/says" 9>&- &
  teller=$!
  "$@" </dev/null >"$work/says" 2>&1 9>&- &
  child=$!
  wait "$child"
  code=$?
  child=''
  wait "$teller"
  return "$code"
}

explain() { # exit code
  local code known cause remedy
  code=$(cat -- "$work/said" "$work/install.json" 2>/dev/null | grep -Eo 'AZCM[0-9]{4}' | tail -n 1)
  if [ -z "$code" ]; then
    case $1 in
      28 | 76 | 77 | 78) return ;; # exit codes whose AZCM number means something else
    esac
    code=$(printf 'AZCM%04d' "$1")
  fi
  while IFS='|' read -r known cause remedy; do
    [ "$known" != "$code" ] || printf '%s: %s. %s.\n' "$code" "$cause" "$remedy" >&2
  done < <(codes)
}

answers_as_azure() { # address
  local url="http://$1/metadata/instance/compute?api-version=2019-06-01" body
  if command -v curl >/dev/null; then
    body=$(curl --disable --silent --fail --noproxy '*' --connect-timeout 1 --max-time 3 --header 'Metadata: true' "$url")
  else
    body=$(wget --quiet --no-proxy --tries=1 --timeout=2 --header='Metadata: true' --output-document=- "$url" 2>/dev/null)
  fi
  case $body in
    *'"vmId"'*) return 0 ;;
  esac
  return 1
}

refuse_azure() {
  local remedy='use VM extensions; the agent is for machines outside Azure'
  if [ "$(cat -- "$asset_tag" 2>/dev/null)" = 7783-7084-3265-9085-8269-3286-77 ]; then
    fail 141 "AZCM0141: this is a virtual machine of Azure or Azure Stack Hub (its chassis asset tag): $remedy"
  fi
  if answers_as_azure 169.254.169.254 || answers_as_azure 169.254.169.253; then
    fail 141 "AZCM0141: this is a virtual machine of Azure or Azure Stack Hub (its metadata service answers): $remedy"
  fi
}

allowed() { # address
  local host
  case $1 in
    https://*) host=${1#https://} ;;
    *) return 1 ;;
  esac
  host=${host%%[/?#]*}
  host=${host,,}
  [ -z "$download_host" ] || [ "$host" != "$download_host" ] || return 0
  case $host in
    *[!a-z0-9.-]*) return 1 ;;
    aka.ms | download.microsoft.com | packages.microsoft.com) return 0 ;;
    *.his.arc.azure.com | *.his.arc.azure.us | *.his.arc.azure.cn) return 0 ;;
  esac
  return 1
}

# Downloads without following redirects; says where one leads.
fetch_once() { # address, file
  local next
  if command -v curl >/dev/null; then
    curl --disable --silent --show-error --fail --proto =https --tlsv1.2 --connect-timeout 30 --max-time 600 \
      ${proxy:+--proxy "$proxy"} --output "$2" --write-out '%{redirect_url}' --url "$1"
    return
  fi
  wget --no-config --no-verbose --server-response --max-redirect=0 --secure-protocol=TLSv1_2 --timeout=60 --tries=2 \
    ${proxy:+-e use_proxy=yes -e "https_proxy=$proxy"} --output-document="$2" "$1" 2>"$work/headers" && return
  next=$(sed -n 's/^ *[Ll]ocation: *\([^ ]*\).*/\1/p' "$work/headers" | tr -d '\r' | tail -n 1)
  [ -n "$next" ] || { cat -- "$work/headers" >&2; return 1; }
  printf '%s' "$next"
}

fetch() { # address, file
  local url=$1 next _
  for _ in 1 2 3 4 5 6; do
    allowed "$url" || fail 200 "refused to download from $url: it is none of Microsoft's documented hosts over https"
    next=$(fetch_once "$url" "$2") || fail 200 "could not download $url: check proxy, firewall, and the trusted certificates"
    [ -n "$next" ] || return 0
    url=$next
  done
  fail 200 "could not download $1: too many redirects"
}

json_text() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "$text"
}

# The answer is in $answer. The name of an application is never taken from what is piped in: that is the secret.
ask() { # what is asked for, what the environment holds, "-s" where it is secret, the name in the environment
  answer=$2
  if [ -z "$answer" ] && [ -t 0 ]; then
    printf '%s: ' "$1" >&2
    # shellcheck disable=SC2086  # no option, or one
    IFS= read -r $3 answer
    [ -z "$3" ] || printf '\n' >&2
  elif [ -z "$answer" ] && [ -n "$3" ]; then
    IFS= read -r answer
  fi
  answer=${answer%$'\r'}
  [ -n "$answer" ] || fail 203 "no $1 was given: set $4, or run this in a terminal${3:+, or pipe it in}"
  case $answer in
    *[[:cntrl:]]*) fail 203 "the $1 has control characters in it" ;;
  esac
}

# What only this run knows, into $more; asked before the installation, written after it.
read_answers() {
  local answer
  [ -z "$resource_name" ] || more+="\"resource-name\": $(json_text "$resource_name"),"
  if [ -n "$asks_principal" ]; then
    ask 'application id of the service principal' "${ARC_SERVICE_PRINCIPAL_ID-}" '' ARC_SERVICE_PRINCIPAL_ID
    [[ $answer =~ ^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$ ]] ||
      fail 203 'the application id of the service principal is no GUID'
    more+="\"service-principal-id\": $(json_text "$answer"),"
  fi
  if [ -n "$secret_key" ]; then
    ask "${secret_key//-/ }" "$secret" -s ARC_ONBOARDING_SECRET
    more+="\"$secret_key\": $(json_text "$answer"),"
  fi
}

# The shell itself writes it: no command has the secret among its arguments.
write_config() {
  (umask 077 && printf '{%s%s\n' "$more" "${config#\{}" >"$work/connect.json") || fail 1 "could not write to $work"
}

property() { # the first text of that name in $state
  grep -Eio "\"$1\" *: *\"[^\"]*\"" <<<"$state" | head -n 1 | sed 's/^[^:]*: *"//; s/"$//'
}

is_connected() { # without the lists: what they have a status of is the services
  state=$(azcmagent show -j 2>/dev/null </dev/null | tr '\n' ' ' | sed 's/\[[^][]*\]//g')
  grep -Eiq '"status" *: *"Connected"' <<<"$state"
}

# Ends the script where the agent belongs to somebody already.
look_at_agent() {
  local name group state connected=''
  is_connected && connected=yes
  name=$(property resourceName)
  group=$(property resourceGroup)
  [ -n "$name" ] && [ -n "$(property subscriptionId)" ] || return 0
  if [ "$(property subscriptionId | tr '[:upper:]' '[:lower:]')" != "${subscription,,}" ] ||
    [ "${group,,}" != "${resource_group,,}" ] ||
    { [ -n "$resource_name" ] && [ "${name,,}" != "${resource_name,,}" ]; }; then
    fail 67 "AZCM0067: the agent is connected as $name in $group of subscription $(property subscriptionId), which is" \
      "not the target. If it shall move: azcmagent disconnect, then run this again"
  fi
  if [ -z "$connected" ]; then
    fail 204 "the agent is registered here as $name in $group, but its status is '$(property status)':" \
      "systemctl restart himdsd, then azcmagent check; is it Expired: azcmagent disconnect --force-local-only"
  fi
  say "the agent is already connected as $name in $group; nothing to do"
  azcmagent show </dev/null
  exit 0
}

install_agent() {
  local code sum
  fetch "$download_url" "$work/install.sh"
  if [ -n "$sha256" ]; then
    sum=$(sha256sum -- "$work/install.sh") && sum=${sum%% *}
    [ "$sum" = "$sha256" ] || fail 205 "refused what $download_url gave: its SHA-256 is $sum, not $sha256"
  fi
  run bash "$work/install.sh" --output "$work/install.json" ${proxy:+--proxy "$proxy"} \
    ${agent_version:+--desiredversion "$agent_version"}
  code=$?
  if [ "$code" -ne 0 ] || ! command -v azcmagent >/dev/null; then
    explain "$code"
    fail 143 "the agent was not installed (its installer ended with $code)"
  fi
  sleep 5 # its service has just been started
}

connect() {
  local code state _
  if [ -n "$proxy" ]; then
    run azcmagent config set proxy.url "$proxy" || fail 1 "the agent did not take the proxy $proxy"
    [ -z "$proxy_bypass" ] || run azcmagent config set proxy.bypass "$proxy_bypass" ||
      fail 1 "the agent did not take the proxy bypass $proxy_bypass"
  fi
  : >"$work/said"
  rm -f -- "$work/install.json"
  write_config
  run azcmagent connect --config "$work/connect.json"
  code=$?
  rm -f -- "$work/connect.json"
  if [ "$code" -ne 0 ]; then
    explain "$code"
    fail "$code" "the machine was not connected (azcmagent ended with $code)"
  fi
  for _ in 1 2 3 4 5; do
    is_connected && break
    sleep 3
  done
  azcmagent show </dev/null
  is_connected || fail 204 "azcmagent ended well, but the agent's status is '$(property status)': azcmagent check, azcmagent logs"
  say "connected as $(property resourceName) in $(property resourceGroup)"
}

main() {
  local own old
  PATH=$PATH:/usr/sbin:/sbin:/opt/azcmagent/bin
  [ "$(id -u)" -eq 0 ] || fail 18 'AZCM0018: run this as root: sudo bash, then the name of this file'
  command -v systemctl >/dev/null || fail 130 'AZCM0130: the agent needs systemd, and there is no systemctl'
  command -v curl >/dev/null || command -v wget >/dev/null || fail 200 'install curl or wget first'
  refuse_azure
  if [ -n "$planned" ]; then
    own=$(uname -n)
    own=${own%%.*}
    resource_name=$(planned_name "${own,,}") || fail 202 "$own is not among the machines to onboard; plan again if it should be"
  fi
  old=$(umask)
  umask 077
  exec 9>"$place/hybridinv-arc.lock" || fail 1 "could not write to $place"
  flock -n 9 || fail 201 'another run of this script is under way'
  rm -rf -- "$place"/hybridinv-arc.d.* # what a killed run left
  work=$(mktemp -d -- "$place/hybridinv-arc.d.XXXXXXXX") || fail 1 "could not write to $place"
  umask "$old"
  trap 'rm -rf -- "$work"' EXIT
  trap 'stop 129' HUP
  trap 'stop 130' INT
  trap 'stop 143' TERM
  ! command -v azcmagent >/dev/null || look_at_agent
  read_answers
  command -v azcmagent >/dev/null || install_agent
  connect
}

main "$@"
