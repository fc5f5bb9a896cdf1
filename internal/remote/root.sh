# Run by root. The program in the user's folder is the user's to replace at any
# moment: root runs a copy, in a folder that only root can enter, whose hash was
# taken there. The user's file is read with the user's rights.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077
m=$1 uid=$2 gid=$3 bin=$4 sha=$5 size=$6 args=$7
echo "$m started"
exec 2>/dev/null </dev/null
own=
trap 'rm -rf "$own"' EXIT
trap 'exit 1' HUP INT TERM PIPE
why="no folder of root's takes it"
cd /
for at in /run /root /var/lib; do
    case $(stat -c '%u %A' $at) in 0\ d????-??-?) ;; *) continue ;; esac
    own=$(mktemp -d $at/assay.XXXXXXXXXX) || continue
    timeout 60 setpriv --reuid "$uid" --regid "$gid" --clear-groups head -c "$size" "$bin" >"$own/assay"
    if [ "$(sha256sum <"$own/assay" | cut -c1-64)" != "$sha" ]; then
        why="a copy of $bin for root came out different"
    elif chmod 700 "$own/assay" && "$own/assay" version >/dev/null; then
        "$own/assay" collect $args 2>"$own/said"
        echo "$m end $? $(head -c 300 "$own/said" | head -n 1)"
        exit
    else
        why="/run, /root and /var/lib let no program run (noexec)"
    fi
    rm -rf "$own"
done
echo "$m error $why"
