/** One is filled while the other is emptied. */
const atOnce = 2;

/**
 * Two pieces of shared memory of any size, kept and given out again: the threads that hash them hold on to what they
 * saw until they next collect garbage, so that fresh memory for every part would pile up.
 */
export class LargeBuffers {
  private readonly spare: SharedArrayBuffer[] = [];
  private taken = 0;

  /** Undefined while two are taken. */
  take(size: number): { readonly bytes: Uint8Array; release(): void } | undefined {
    if (this.taken === atOnce) return undefined;
    const memory = this.fitting(size);
    this.taken += 1;
    return {
      bytes: new Uint8Array(memory, 0, size),
      release: () => {
        this.taken -= 1;
        this.spare.push(memory);
      },
    };
  }

  private fitting(size: number): SharedArrayBuffer {
    const index = this.spare.findIndex((memory) => memory.byteLength >= size);
    const [found] = index < 0 ? [] : this.spare.splice(index, 1);
    if (found !== undefined) return found;
    // One that is too small makes room for its larger successor.
    if (this.spare.length + this.taken === atOnce) this.spare.pop();
    return new SharedArrayBuffer(size);
  }
}
