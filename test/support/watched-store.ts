import type { Store, Upload } from '../../lib/core/stores/store.ts';

/** One step that changes a store: the method, and the key that it is about. */
export interface WriteStep {
  readonly step: 'put' | 'begin' | 'part' | 'complete';
  readonly key: string;
}

export interface Watch {
  /** Runs before a step is done; what it throws is what the caller sees, and nothing is done. */
  before?(step: WriteStep, number: number): void | Promise<void>;
  /** Runs after a step is done; what it throws is what the caller sees although it is done. */
  after?(step: WriteStep, number: number): void | Promise<void>;
}

/** A store whose every write is seen, counted from 1, and can be made to fail; the store itself is real. */
export function watchedStore(store: Store, watch: Watch): Store & { readonly steps: readonly WriteStep[] } {
  const steps: WriteStep[] = [];
  async function watched<T>(step: WriteStep, work: () => Promise<T>): Promise<T> {
    const number = steps.push(step);
    await watch.before?.(step, number);
    const result = await work();
    await watch.after?.(step, number);
    return result;
  }
  const uploadOf = (upload: Upload): Upload =>
    over(upload, {
      writePart: (...args: Parameters<Upload['writePart']>) =>
        watched({ step: 'part', key: upload.key }, () => upload.writePart(...args)),
      complete: (...args: Parameters<Upload['complete']>) =>
        watched({ step: 'complete', key: upload.key }, () => upload.complete(...args)),
    });
  const methods = {
    put: (...args: Parameters<Store['put']>) => watched({ step: 'put', key: args[0] }, () => store.put(...args)),
    beginUpload: (...args: Parameters<Store['beginUpload']>) =>
      watched({ step: 'begin', key: args[0] }, async () => uploadOf(await store.beginUpload(...args))),
    resumeUpload: async (...args: Parameters<Store['resumeUpload']>) => {
      const upload = await store.resumeUpload(...args);
      return upload === undefined ? undefined : uploadOf(upload);
    },
    steps,
  };
  return over(store, methods);
}

/** `target` with some members replaced; methods keep their own `this`. */
function over<T extends object, M extends object>(target: T, members: M): T & M {
  return new Proxy(target, {
    has: (_, property) => property in members || property in target,
    get(_, property) {
      if (property in members) return Reflect.get(members, property);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as T & M;
}
