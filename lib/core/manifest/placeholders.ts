/**
 * Texts that people and generators leave where a value is still to come. Seen in real manifests:
 * `YOUR_USERNAME`, `MISSING`, `<id>.MISSING`, `<to_be_calculated>`, `PLACEHOLDER_…`, `mock_hef`, `your-org`.
 */
const builtIn: readonly RegExp[] = [
  /<[^<>\s]{1,64}>/u,
  /\{\{[^{}]{0,64}\}\}/u,
  /\$\{[^{}]{0,64}\}/u,
  /\byour[-_](?:user(?:name)?|org(?:ani[sz]ation)?|name|repo(?:sitory)?|bucket|host|account|token)\b/iu,
  /(?<![A-Za-z0-9])YOUR_[A-Z][A-Z0-9_]*/u,
  /(?<![A-Za-z0-9_])MISSING(?![A-Za-z0-9_])/u,
  /(?<![A-Za-z0-9])PLACEHOLDER(?![a-z])/u,
  /(?<![A-Za-z0-9])(?:CHANGE_?ME|REPLACE_?ME|TO_BE_(?:CALCULATED|FILLED|DETERMINED))(?![A-Za-z0-9])/iu,
  /(?<![A-Za-z0-9])mock_hef(?![A-Za-z0-9])/u,
];

/** What every one of those has in it: most texts have none of it, and one look is enough. */
const suspicious = /[<{$]|your[-_]|missing|placeholder|change_?me|replace_?me|to_be_|mock_hef/iu;

/** Words that stand for "no digest yet", alone in the field. */
const digestWords =
  /^(?:|-|\?+|n\/?a|none|null|nil|unknown|pending|todo|tbd|fixme|x{3,}|\.{3}|…|to be .*|missing|placeholder.*|○ pending|true|false)$/iu;

/**
 * Finds the text that shows nobody filled this in yet.
 * @param extra more such texts, matched anywhere and exactly as they are spelled.
 * @returns the text that gave it away, or undefined for a real value.
 */
export function findPlaceholder(text: string, extra: readonly string[] = []): string | undefined {
  for (const pattern of suspicious.test(text) ? builtIn : []) {
    const found = pattern.exec(text);
    if (found) return found[0];
  }
  return extra.find((pattern) => pattern !== '' && text.includes(pattern));
}

/** Is this text a template that nobody filled in? */
export function isPlaceholder(text: string, extra: readonly string[] = []): boolean {
  return findPlaceholder(text, extra) !== undefined;
}

/** Does this stand where a SHA-256 should be without being one: a template, a word such as `pending`, nothing but zeros? */
export function isPlaceholderDigest(text: string, extra: readonly string[] = []): boolean {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/iu.test(trimmed)) {
    return /^0+$/u.test(trimmed) || extra.some((pattern) => pattern !== '' && trimmed.includes(pattern));
  }
  return digestWords.test(trimmed) || isPlaceholder(trimmed, extra);
}
