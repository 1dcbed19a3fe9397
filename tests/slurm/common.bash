# Sourced by start and stop: the folder, and what both ask about daemons.
set -euo pipefail
umask 022

folder=${1:-${TMPDIR:-/tmp}/slurm-$UID}
PATH=$PATH:/usr/sbin:/sbin

# alive NAME: the process of NAME's pid file is called NAME and is no zombie.
alive() {
    local pid
    pid=$(cat "$folder/$1.pid" 2>/dev/null) || return 1
    [[ $(awk '/^Name:|^State:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) == "$1"$'\n'[!Z] ]]
}

# wait_until COMMAND...: until it succeeds, for 30 s at most.
wait_until() {
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        "$@" && return
        sleep 0.1
    done
    return 1
}

controller_answers() { alive slurmctld && scontrol ping 2>/dev/null | grep -q ' is UP'; }
