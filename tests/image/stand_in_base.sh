#!/usr/bin/env bash
# Makes a stand-in for the function's base image where no registry that has it can be reached:
#   tests/image/stand_in_base.sh NAME [DOCKER]
# imports the image NAME into the engine of the client DOCKER (default: docker).
#
# Like python:<minor>-slim-bookworm, it is a small Debian 12 with CPython under /usr/local and pip.
# Debian comes from its own archive. CPython is that of $PYTHON (default: python3), without what the
# real image lacks: its tests, its static libraries, its symbols, its byte-code. In addition it
# trusts the certificates that this machine trusts, and its pip goes where this machine's goes.
# It needs root and debootstrap, on Debian 12, and takes a minute.
set -euo pipefail

name=$1
docker=${2:-docker}
python=${PYTHON:-python3}

fail() {
  echo "stand_in_base.sh: $1" >&2
  exit 1
}
grep -qx 'VERSION_CODENAME=bookworm' /etc/os-release || fail "this machine is no Debian 12 (bookworm)"
[ "$(id -u)" = 0 ] || fail "debootstrap needs root"
command -v debootstrap > /dev/null || fail "debootstrap is missing: apt-get install debootstrap"

prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
version=$("$python" -c 'import platform; print(platform.python_version())')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

# The packages that own the libraries CPython is linked to, of which Debian's least has only some.
libraries=$(find "$prefix/lib/python$minor/lib-dynload" "$prefix/bin/python$minor" -name '*tkinter*' -prune -o -type f -exec ldd {} + \
  | awk '$2 == "=>" && $3 ~ /^\// {print $1}' | sort -u | grep -v '^libpython')
packages=$(for library in $libraries; do dpkg-query --search "*/$library"; done | cut -d: -f1 | sort -u | paste -sd,)
debootstrap --variant=minbase --include="ca-certificates,netbase,tzdata,$packages" bookworm "$root" \
  http://deb.debian.org/debian > "$work/log" 2>&1 || fail "debootstrap failed: $(tail -n 1 "$work/log")"
# What Debian's own slim images leave out.
find "$root/usr/share/doc" -mindepth 1 ! -name copyright ! -type d -delete
rm -rf "$root"/usr/share/{man,info,locale,lintian,groff}/* "$root"/var/{cache/apt,lib/apt/lists,log}/* "$root/proc" "$root/sys"
mkdir "$root/proc" "$root/sys"

mkdir -p "$root/usr/local/bin" "$root/usr/local/lib"
cp -L "$prefix/bin/python$minor" "$root/usr/local/bin/"
ln -s "python$minor" "$root/usr/local/bin/python3"
ln -s python3 "$root/usr/local/bin/python"
if [ -e "$prefix/lib/libpython$minor.so.1.0" ]; then
  cp "$prefix/lib/libpython$minor.so.1.0" "$root/usr/local/lib/"
fi
tar -C "$prefix/lib" --exclude=site-packages --exclude=test --exclude=tests --exclude=idle_test \
  --exclude=__pycache__ --exclude='*.a' -cf - "python$minor" | tar -C "$root/usr/local/lib" -xf -
chroot "$root" ldconfig
PYTHONDONTWRITEBYTECODE=1 chroot "$root" /usr/local/bin/python -m ensurepip > "$work/log" 2>&1 \
  || fail "ensurepip failed: $(tail -n 1 "$work/log")"
find "$root/usr/local" -name __pycache__ -prune -exec rm -rf {} +
if command -v strip > /dev/null; then
  find "$root/usr/local" -name '*.so*' -type f -exec strip --strip-unneeded {} +
fi

cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
{
  echo '[global]'
  echo 'cert = /etc/ssl/certs/ca-certificates.crt'
  # Of this machine's settings, those that say which index, and how to get there. A folder of this
  # machine is not there in the image.
  "$python" -m pip config list \
    | sed -nE "s/^[^=]*\.(index-url|extra-index-url|proxy|trusted-host|timeout|default-timeout)='(.*)'$/\1 = \2/p" \
    | grep -v 'file:' | sort -u -t= -k1,1 || true
} > "$root/etc/pip.conf"

tar -C "$root" --numeric-owner -cf - . | "$docker" import \
  --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change 'ENV LANG=C.UTF-8' \
  --change "ENV PYTHON_VERSION=$version" \
  --change 'CMD ["python3"]' \
  - "$name" > "$work/log" || fail "$docker could not import the image"
echo "$name: CPython $version on Debian 12, a stand-in"
