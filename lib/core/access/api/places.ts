import type { Clock } from '../../clock.ts';
import { WeighbridgeError } from '../../errors.ts';
import type { AccessStore, UrlSigner } from '../access-ports.ts';
import type { UrlsRequest } from '../wire.ts';
import type { Ruled } from './ruling.ts';
import { releaseCache, StoreRecords } from './store-records.ts';

/** A store with what is known of its records. */
export interface Place {
  readonly kind: AccessStore['kind'];
  readonly records: StoreRecords;
  readonly signer: UrlSigner;
}

/** All stores of the API, the primary first. */
export class Places {
  readonly #places: readonly Place[];

  constructor(stores: readonly AccessStore[], clock: Clock) {
    const releases = releaseCache(clock);
    this.#places = stores.map(({ kind, reader, signer }) => ({
      kind,
      signer,
      records: new StoreRecords(reader, releases, clock),
    }));
  }

  has(store: UrlsRequest['store']): boolean {
    return store === undefined || this.#places.some(({ kind }) => kind === store);
  }

  /**
   * Asks the store that is wanted; without one the first, and the next where it fails and might not have failed a
   * moment later. What a later one lacks the first may have, so then it is the failure that counts.
   * @throws the failure of the first that was asked
   */
  async ask(store: UrlsRequest['store'], question: (place: Place) => Promise<Ruled>): Promise<Ruled> {
    let failure: unknown;
    for (const place of this.#places) {
      if (store !== undefined && place.kind !== store) continue;
      try {
        const ruled = await question(place);
        if (failure === undefined || ruled.ruling.outcome === 'allowed') return ruled;
      } catch (error) {
        failure ??= error;
        if (!(error instanceof WeighbridgeError && error.retryable)) break;
      }
    }
    throw failure;
  }
}
