#!/usr/bin/env bash
# A Debian package of a built quarterdeck, with its manual pages and completions:
#
#   packaging/deb.sh target/dist/quarterdeck [FOLDER]
#
# What goes where is `[package.metadata.deb]` in Cargo.toml, which `cargo deb --no-build` reads too,
# once this script has had the program write its pages to target/packaging.
set -euo pipefail
binary=$(realpath "${1:?which quarterdeck? packaging/deb.sh BINARY [FOLDER]}")
folder=$(realpath "${2:-.}")
cd "$(dirname "$0")/.."

pages=target/packaging
rm -rf "$pages" && mkdir -p "$pages/man" "$pages/completions"
"$binary" man --to "$pages/man"
gzip -9n "$pages"/man/*.1
"$binary" completions bash >"$pages/completions/quarterdeck"
"$binary" completions zsh >"$pages/completions/_quarterdeck"
"$binary" completions fish >"$pages/completions/quarterdeck.fish"

# A field of the manifest's first table of that name: `key = "value"`.
field() { awk -F'"' -v key="$1" '$1 == key " = " { print $2; exit }' Cargo.toml; }
version=$("$binary" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"

# An asset is a line of three texts: source, place, mode.
while IFS='|' read -r source place mode; do
  [ "$source" = target/release/quarterdeck ] && source=$binary
  for file in $source; do
    install -D -m "$mode" -t "$tree/$place" "$file"
  done
done < <(awk -F'"' '/^\[package.metadata.deb\]/ { on = 1 } /^\]/ { on = 0 } on && /^  \[/ { print $2 "|" $4 "|" $6 }' Cargo.toml)

# A static program needs nothing.
depends=$(field depends)
if ldd "$binary" 2>&1 | grep -q 'statically linked\|not a dynamic'; then depends=; fi

mkdir "$tree/DEBIAN"
{
  echo "Package: quarterdeck"
  echo "Version: $version-1"
  echo "Architecture: $architecture"
  echo "Maintainer: $(field maintainer)"
  echo "Section: $(field section)"
  echo "Priority: $(field priority)"
  echo "Installed-Size: $(du -sk "$tree/usr" | cut -f1)"
  [ -z "$depends" ] || echo "Depends: $depends"
  echo "Description: $(field description)"
  echo " Projects, releases and pods by their labels, worst first, with the reason;"
  echo " merged logs, shells on tabs, images without a Dockerfile. It needs no kubectl."
} >"$tree/DEBIAN/control"
file=$folder/quarterdeck_$version-1_$architecture.deb
dpkg-deb --root-owner-group ${DEB_COMPRESSION:+-Z$DEB_COMPRESSION} --build "$tree" "$file" >/dev/null
echo "$file"
