import { expect, it } from 'vitest';
import { systemClock } from '../../lib/core/clock.ts';
import { Interrupted } from '../../lib/core/errors.ts';

it('a sleep that is broken off ends with the reason of the signal, at once or in the middle', async () => {
  const reason = new Interrupted('enough');
  await expect(systemClock.sleep(60, AbortSignal.abort(reason))).rejects.toBe(reason);
  const control = new AbortController();
  const asleep = systemClock.sleep(60, control.signal);
  control.abort(reason);
  await expect(asleep).rejects.toBe(reason);
});
