# The other end of a visit, run by sh as the user who logged in. It speaks lines
# that begin with $m, a word made for this visit; what a .bashrc prints does not.
# We answer one line at a time: nothing is read ahead.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077
part=
trap 'rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM PIPE
say() { printf '%s %s\n' "$m" "$*"; }
die() { say error "$*"; exit 1; }
sum() { head -c "$((size + 1))" "$1" | sha256sum | cut -c1-64; }
good() { [ -f "$bin" ] && [ ! -L "$bin" ] && [ -O "$bin" ] && [ "$(sum "$bin")" = "$sha" ]; }

# bring unpacks the program beside its place and moves it there whole.
bring() {
    say need
    read -r packed || exit 1
    part=$dir/part.$$
    why=$({ head -c "$packed" | gzip -dc >"$part"; } 2>&1) || die "write $dir: ${why##*: }"
    [ "$(sum "$part")" = "$sha" ] || die "write $dir: it arrived damaged"
    chmod 700 "$part" && mv -f "$part" "$bin" || die "write $bin"
    # what older versions and broken visits have left
    find "$cache" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} + 2>/dev/null
    find "$cache" -name 'part.*' -mmin +60 -delete 2>/dev/null
}

# relay passes on a recording once root has begun, and what sudo says until then.
relay() {
    while IFS= read -r line; do
        if [ "$line" = "$m started" ]; then
            say tape
            gzip -c
            return
        fi
        say said "$line"
    done
    say denied
}

as_root() { "$@" /bin/sh -c "$root" assay-visit "$m" "$(id -u)" "$(id -g)" "$bin" "$sha" "$size" "$args" 2>&1; }

plain() {
    good || die "replaced $bin"
    "$bin" version >/dev/null 2>&1 || die "noexec $bin"
    say tape
    { "$bin" collect $args 2>/dev/null </dev/null; echo "$m end $?"; } | gzip -c
}

# installed is for those whom sudoers allows one thing: the line of assay asks.
installed() {
    at=/usr/local/bin/assay
    if sudo -n -l "$at" collect >/dev/null 2>&1; then
        say tape
        { sudo -n "$at" collect 2>/dev/null </dev/null; echo "$m end $?"; } | gzip -c
    else
        say denied
    fi
}

clean() {
    for old in "$cache"/*; do
        name=${old##*/}
        [ ${#name} = 64 ] && rm -rf "$old"
    done
    [ -e "$cache/made" ] && made=1 && rm -f "$cache/made"
    rmdir "$cache" 2>/dev/null && [ "$made" ] && rmdir "$home/.cache" 2>/dev/null
    say cleaned
}

echo
say hello "$(uname -s)" "$(uname -m)" "$(id -u)" "$(id -un)"
read -r sha size || exit 1
home=${HOME:-/nonexistent} made=
cache=$home/.cache/assay dir=$home/.cache/assay/$sha bin=$home/.cache/assay/$sha/assay
[ -d "$home/.cache" ] || made=1
why=$(mkdir -p "$dir" 2>&1) || die "write $dir: ${why##*: }"
[ -O "$dir" ] && chmod 700 "$dir" || die "write $dir: it belongs to another user"
[ -z "$made" ] || : >"$cache/made"
if ! good; then
    rm -rf "$bin"
    bring
fi
say have
while read -r deed args; do
    case $deed in
    root) as_root </dev/null | relay ;;
    sudo) as_root sudo -n -- </dev/null | relay ;;
    # The next line is the password. It goes from our standard input to sudo's:
    # to no argument, no variable, no file. -k: this password, and none kept.
    password) head -n 1 | as_root sudo -k -S -p '' -- | relay ;;
    installed) installed ;;
    plain) plain ;;
    clean) clean ;;
    *) exit 0 ;;
    esac
done
