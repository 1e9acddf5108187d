/** Bytes of a page: WebAssembly's unit of memory. */
export const pageSize = 1 << 16;

/** TypeScript knows it only together with a browser's types. */
declare const WebAssembly: {
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => { readonly buffer: SharedArrayBuffer };
};

interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * One piece of shared memory whose pages are given out in runs, the lowest that fit first, and come back. The
 * system provides a page when it is first written, so what was never used costs nothing, and nothing is left to the
 * garbage collector, which does not know how large it is. It begins at a page of the processor, as direct writing
 * to a disk demands.
 */
export class PageArena {
  readonly pages: number;
  private readonly memory: SharedArrayBuffer;
  /** Ordered; no two of them touch. */
  private readonly free: Run[];

  constructor(pages: number) {
    this.pages = pages;
    this.memory = alignedMemory(pages);
    this.free = [{ start: 0, end: pages }];
  }

  get unused(): boolean {
    return this.free[0]?.start === 0 && this.free[0].end === this.pages;
  }

  /** @returns The bytes of a run of pages that holds them, and how to give it back (once); undefined when none is free. */
  take(size: number): { readonly bytes: Uint8Array; release(): void } | undefined {
    const pages = Math.ceil(size / pageSize);
    const index = this.free.findIndex(({ start, end }) => end - start >= pages);
    const run = this.free[index];
    if (run === undefined) return undefined;
    const taken = { start: run.start, end: run.start + pages };
    this.free.splice(index, 1, ...(taken.end < run.end ? [{ start: taken.end, end: run.end }] : []));
    const bytes = new Uint8Array(this.memory, taken.start * pageSize, size);
    return { bytes, release: () => this.giveBack(taken) };
  }

  private giveBack({ start, end }: Run): void {
    if (start === end) return;
    const after = this.free.findIndex((run) => run.start >= end);
    const index = after < 0 ? this.free.length : after;
    const before = this.free[index - 1];
    const next = this.free[index];
    const joinsBefore = before?.end === start;
    const joinsNext = next?.start === end;
    this.free.splice(joinsBefore ? index - 1 : index, Number(joinsBefore) + Number(joinsNext), {
      start: joinsBefore ? before.start : start,
      end: joinsNext ? next.end : end,
    });
  }
}

function alignedMemory(pages: number): SharedArrayBuffer {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
  } catch {
    // It reserves many addresses around itself, and the operator may have allowed few. Not aligned, but it works.
    return new SharedArrayBuffer(pages * pageSize);
  }
}
