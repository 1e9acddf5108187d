import type { IncomingMessage } from 'node:http';
import { seededRandom } from '../attack/support/seeded-random.ts';

/** An answer of the store, whole: what a fault gives or changes. */
export interface StoreAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** One way for the line to a store, or for the store, to misbehave. Positions are bytes of a body. */
export type StoreFault =
  /** Answers by itself, when `after` has resolved; the store never sees the request. */
  | { readonly kind: 'answer'; readonly answer: StoreAnswer; readonly after?: () => Promise<void> }
  /** Closes the connection before the store saw anything. */
  | { readonly kind: 'drop' }
  /** Forwards that many bytes of the request's body, then closes both connections. */
  | { readonly kind: 'cut-request'; readonly at: number }
  /** The store acts and answers; the client's connection is closed without a word of it. */
  | { readonly kind: 'lose-answer' }
  /** The answer's body ends after that many bytes, by a closed connection. */
  | { readonly kind: 'truncate-answer'; readonly at: number }
  /** Waits before it forwards. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Passes on no more than that, either way. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** One byte of the request's body arrives as another. */
  | { readonly kind: 'flip-request'; readonly at: number }
  /** The store's answer, changed. */
  | { readonly kind: 'rewrite'; readonly change: (answer: StoreAnswer) => StoreAnswer }
  /** Does something before the request is forwarded: somebody else is quicker. */
  | { readonly kind: 'before'; readonly act: () => Promise<void> };

/** Which requests a fault meets; what is absent matches everything. */
export interface FaultMatch {
  readonly method?: string;
  /** Against path and query as sent, such as `/bucket/key?partNumber=1&uploadId=…`. */
  readonly target?: RegExp;
  readonly when?: (request: IncomingMessage) => boolean;
  /** Counting the requests that match so far, from 1 (default). */
  readonly from?: number;
  /** How many of them (default: all from there). */
  readonly times?: number;
  /** Of meeting one that matches (default 1), drawn from a generator that begins with `seed`. */
  readonly probability?: number;
  readonly seed?: number;
}

/** A rule in force; `met` says how often it struck, so that a test can tell that it did. */
export interface FaultRule {
  readonly met: number;
  remove(): void;
}

interface Rule {
  readonly match: FaultMatch;
  readonly fault: StoreFault;
  readonly random: () => number;
  seen: number;
  met: number;
}

/** The switchboard of a proxy: the first rule that meets a request decides. */
export class StoreFaultBoard {
  private rules: Rule[] = [];

  add(match: FaultMatch, fault: StoreFault): FaultRule {
    const rule: Rule = { match, fault, random: seededRandom(match.seed ?? 1), seen: 0, met: 0 };
    this.rules.push(rule);
    return {
      get met() {
        return rule.met;
      },
      remove: () => {
        this.rules = this.rules.filter((other) => other !== rule);
      },
    };
  }

  clear(): void {
    this.rules = [];
  }

  /** The fault that this request meets. */
  meet(request: IncomingMessage): StoreFault | undefined {
    for (const rule of this.rules) {
      const { method, target, when, from = 1, times = Number.POSITIVE_INFINITY, probability = 1 } = rule.match;
      if (method !== undefined && method !== request.method) continue;
      if (target !== undefined && !target.test(request.url ?? '')) continue;
      if (when !== undefined && !when(request)) continue;
      rule.seen += 1;
      if (rule.seen < from || rule.met >= times || rule.random() >= probability) continue;
      rule.met += 1;
      return rule.fault;
    }
    return undefined;
  }
}
