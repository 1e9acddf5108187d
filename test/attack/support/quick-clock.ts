import { systemClock } from '../../../lib/core/clock.ts';

// Preloaded (`node --import`) into a process whose pauses prove nothing: what it waits for it waits for a fraction of
// the time, as often as ever. Budgets are counted in what was asked for, not in what has passed.

const fraction = 1 / 50;
const { sleep } = systemClock;
Object.assign(systemClock, { sleep: (seconds: number, signal?: AbortSignal) => sleep(seconds * fraction, signal) });
