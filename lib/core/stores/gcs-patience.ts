import { defaultRetryPolicy, type RetryDeps, type RetryPolicy, retry } from '../retry.ts';
import { isRateLimited } from './gcs-errors.ts';
import { StoreError } from './store.ts';

/**
 * Cloud Storage, "Quotas and limits": about one write a second to one object. Twenty writers of one registry
 * therefore need at least twenty seconds; whoever waits longest gives up after three minutes.
 */
const limited: RetryPolicy = { attempts: 200, base: 1, cap: 16, budget: 180 };

type Tried<T> = { readonly value: T } | { readonly limit: StoreError } | { readonly failure: unknown };

/**
 * The one retry loop, twice: a server error or a broken connection is tried as often as everywhere, "too many
 * requests" for minutes, never sooner than after a second.
 */
export async function patiently<T>(operation: () => Promise<T>, deps: RetryDeps): Promise<T> {
  const random = deps.random ?? Math.random;
  let refusals = 0;
  const tried = await retry(
    async (): Promise<Tried<T>> => {
      const result = await tryUnlessLimited(operation, deps);
      if (!('limit' in result)) return result;
      const { message, evidence, retryAfter = 0 } = result.limit;
      const spread = 1 + random() * Math.min(limited.cap, limited.base * 2 ** refusals);
      refusals += 1;
      throw new StoreError(message, { evidence, retryable: true, retryAfter: Math.max(retryAfter, spread) });
    },
    limited,
    deps,
  );
  if ('value' in tried) return tried.value;
  throw 'failure' in tried ? tried.failure : tried.limit;
}

async function tryUnlessLimited<T>(operation: () => Promise<T>, deps: RetryDeps): Promise<Tried<T>> {
  try {
    return await retry(
      async (): Promise<Tried<T>> => {
        try {
          return { value: await operation() };
        } catch (error) {
          if (isRateLimited(error)) return { limit: error };
          throw error;
        }
      },
      defaultRetryPolicy,
      deps,
    );
  } catch (failure) {
    return { failure };
  }
}
