type Scalar = string | number | boolean;

const doubleQuoted = /^"([^"\\]*)"(?: +#.*)?$/u;
const singleQuoted = /^'([^']*)'(?: +#.*)?$/u;
const flowMember = /^ *(?:([A-Za-z_][A-Za-z0-9_-]*): +)?(?:"([^"\\]*)"|'([^']*)'|([^,"']+?)) *(?:,|$)/u;
const plainStart = /^[\p{L}0-9/._(]/u;

/** What YAML 1.2 reads as something else than text; whole numbers without sign and leading zero are read here. */
const wholeNumber = /^(?:0|[1-9][0-9]{0,14})$/u;
const otherNumber = /^0[ox]|^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?$|^[-+]?\.(?:inf|nan)$/iu;

/** The value written on one line in a regular way, with or without a comment after it; undefined for any other. */
export function inlineValue(content: string): Scalar | Scalar[] | Record<string, Scalar> | undefined {
  const quoted = doubleQuoted.exec(content) ?? singleQuoted.exec(content);
  if (quoted !== null) return quoted[1];
  if (content.startsWith('{') && content.endsWith('}')) return flowMapping(content.slice(1, -1));
  if (content.startsWith('[') && content.endsWith(']')) return flowList(content.slice(1, -1));
  const comment = content.indexOf(' #');
  return plainScalar(comment < 0 ? content : content.slice(0, comment).trimEnd());
}

function plainScalar(text: string): Scalar | undefined {
  if (!plainStart.test(text) || text.includes(': ') || text.includes(' #') || text.endsWith(':')) return undefined;
  if (wholeNumber.test(text)) return Number(text);
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return text === lower ? lower === 'true' : undefined;
  return lower === 'null' || otherNumber.test(text) ? undefined : text;
}

function flowMapping(inner: string): Record<string, Scalar> | undefined {
  const value: Record<string, Scalar> = {};
  for (const [key, member] of flowMembers(inner) ?? [[undefined, '']]) {
    if (key === undefined || key === '__proto__' || Object.hasOwn(value, key)) return undefined;
    value[key] = member;
  }
  return value;
}

function flowList(inner: string): Scalar[] | undefined {
  const members = flowMembers(inner);
  return members?.every(([key]) => key === undefined) ? members.map(([, member]) => member) : undefined;
}

/** The members between the brackets, with their keys; undefined as soon as one is not regular. */
function flowMembers(inner: string): [string | undefined, Scalar][] | undefined {
  if (/[[\]{}#&*!|>%@`?\\]/u.test(inner) || /,\s*$/u.test(inner)) return undefined;
  const members: [string | undefined, Scalar][] = [];
  let rest = inner.trim();
  while (rest !== '') {
    const match = flowMember.exec(rest);
    if (match === null) return undefined;
    const [whole, key, double, single, plain] = match;
    const value = double ?? single ?? flowPlain(plain ?? '');
    if (value === undefined) return undefined;
    members.push([key, value]);
    rest = rest.slice(whole.length);
  }
  return members;
}

function flowPlain(text: string): Scalar | undefined {
  return /:(?![A-Za-z0-9/])/u.test(text) ? undefined : plainScalar(text);
}
