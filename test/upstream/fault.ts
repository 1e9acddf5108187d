/** One way for an upstream to misbehave. Positions are bytes of the response body unless said otherwise. */
export type Fault =
  /** Closes the connection instead of answering. */
  | { readonly kind: 'drop' }
  /** Resets the connection after that many bytes of the body; `random` picks anew each time. */
  | { readonly kind: 'reset'; readonly at: number | 'random' }
  /** Declares the whole length and ends that many bytes early. */
  | { readonly kind: 'short'; readonly by: number }
  /** Sends that many bytes more than asked for: undeclared (chunked), or declared in Content-Length alone. */
  | { readonly kind: 'long'; readonly by: number; readonly declared?: boolean }
  /** One byte of the file, by its position in the file, is another. */
  | { readonly kind: 'flip'; readonly at: number }
  | { readonly kind: 'html'; readonly honest?: boolean; readonly size?: number }
  | { readonly kind: 'lfs-pointer'; readonly oid: string; readonly size: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Whole bodies only, with status 200. */
  | { readonly kind: 'ignore-range' }
  /** A 206 whose Content-Range is shifted, or whose total is another. */
  | { readonly kind: 'wrong-range'; readonly shift?: number; readonly total?: number }
  /** The object is another version now (other ETag, same bytes), and preconditions judge by that. */
  | { readonly kind: 'etag'; readonly etag: string }
  /** Preconditions are not looked at. */
  | { readonly kind: 'ignore-conditions' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'no-length' }
  | { readonly kind: 'head-lies'; readonly size: number }
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  /** Sends nothing more after that many bytes, and keeps the connection open. */
  | { readonly kind: 'stall'; readonly at: number }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Waits that many seconds before the headers. */
  | { readonly kind: 'slow-start'; readonly seconds: number }
  | { readonly kind: 'empty' };

/** Which requests a fault meets. */
export interface FaultWindow {
  /** Counting the requests to that path that could be met, from 1 (default). */
  readonly from?: number;
  /** How many of them (default: all from there). */
  readonly times?: number;
  readonly method?: 'GET' | 'HEAD';
}

interface Rule extends FaultWindow {
  readonly path: string;
  readonly fault: Fault;
  seen: number;
}

/** The switchboard: faults by path (`*` for every path), each with its own window. */
export class FaultBoard {
  private readonly rules: Rule[] = [];

  add(path: string, fault: Fault, window: FaultWindow = {}): void {
    this.rules.push({ ...window, path, fault, seen: 0 });
  }

  clear(): void {
    this.rules.length = 0;
  }

  /** The faults that this request meets; counts it. */
  meet(path: string, method: string): Fault[] {
    const met: Fault[] = [];
    for (const rule of this.rules) {
      if (rule.path !== '*' && rule.path !== path) continue;
      if (rule.method !== undefined && rule.method !== method) continue;
      rule.seen += 1;
      const from = rule.from ?? 1;
      if (rule.seen >= from && rule.seen < from + (rule.times ?? Number.POSITIVE_INFINITY)) met.push(rule.fault);
    }
    return met;
  }
}
