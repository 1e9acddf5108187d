/**
 * Does the pattern cover the whole text? `*` is any number of characters but "/" and ":", `**` any number of any;
 * everything else stands for itself, compared by exact code points.
 */
export type TextPattern = (text: string) => boolean;

const literal = 0;
/** Anything but "/" and ":". */
const star = 1;
const anything = 2;

interface Step {
  readonly kind: typeof literal | typeof star | typeof anything;
  readonly code: number;
}

/**
 * Prepares a pattern. Its answers take at most (length of the text) × (length of the pattern) steps, whatever the
 * text: it comes from tokens that strangers may have had made.
 */
export function compilePattern(pattern: string): TextPattern {
  const first = pattern.indexOf('*');
  if (first < 0) return (text) => text === pattern;
  const last = pattern.lastIndexOf('*');
  const head = pattern.slice(0, first);
  const tail = pattern.slice(last + 1);
  const steps = stepsOf(pattern.slice(first, last + 1));
  return (text) =>
    text.length >= head.length + tail.length &&
    text.startsWith(head) &&
    text.endsWith(tail) &&
    covers(steps, text.slice(head.length, text.length - tail.length));
}

function stepsOf(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  for (const part of pattern.match(/\*+|[^*]/gsu) ?? []) {
    if (part.startsWith('*')) steps.push({ kind: part.length === 1 ? star : anything, code: 0 });
    else for (let at = 0; at < part.length; at += 1) steps.push({ kind: literal, code: part.charCodeAt(at) });
  }
  return steps;
}

/** All places of the pattern where the text so far may have led, kept side by side: nothing is tried twice. */
function covers(steps: readonly Step[], text: string): boolean {
  if (steps.length === 1 && steps[0]?.kind === anything) return true;
  let here = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  here[0] = 1;
  skipStars(steps, here);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const divides = code === 0x2f || code === 0x3a;
    next.fill(0);
    let alive = false;
    for (let place = 0; place < steps.length; place += 1) {
      const step = steps[place];
      if (here[place] === 0 || step === undefined) continue;
      if (step.kind === literal) {
        if (step.code !== code) continue;
        next[place + 1] = 1;
      } else if (step.kind === anything || !divides) next[place] = 1;
      else continue;
      alive = true;
    }
    if (!alive) return false;
    skipStars(steps, next);
    [here, next] = [next, here];
  }
  return here[steps.length] === 1;
}

/** A star may stand for nothing. */
function skipStars(steps: readonly Step[], places: Uint8Array): void {
  for (let place = 0; place < steps.length; place += 1) {
    if (places[place] === 1 && steps[place]?.kind !== literal) places[place + 1] = 1;
  }
}
