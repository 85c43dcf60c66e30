#!/usr/bin/env -S zsh -f
# complete.zsh SCRIPT LINE: what zsh offers at the end of the command line, one a line. It types the line and a tab into
# an interactive zsh, and tells what reaches zsh's own compadd.
zmodload zsh/zpty
setup=$(mktemp)
trap 'rm -f $setup' EXIT
cat >$setup <<'END'
PROMPT=
autoload -Uz compinit
compinit -D -u
bindkey '^I' complete-word
begin() { print -- '<begin>' }
finish() { print -- '<end>' }
compprefuncs=(begin)
comppostfuncs=(finish)
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- $hits
  builtin compadd "$@"
}
END
print -r -- "source ${(q)1}; print -- '<ready>'" >>$setup
zpty shell zsh -f -i
zpty -w shell "source $setup"
text=
until [[ $text == *'<ready>'* ]]; do zpty -r shell more || exit 1; text+=$more; done
zpty -n -w shell "$2"$'\t'
text=
until [[ $text == *'<end>'* ]]; do zpty -r shell more || exit 1; text+=$more; done
zpty -d shell
text=${text#*<begin>}
print -r -- ${${text%%<end>*}//$'\r'/}
