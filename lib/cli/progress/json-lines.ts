import type { Clock } from '../../core/clock.ts';
import type { CoreEvent } from '../../core/events.ts';
import type { Progress, ProgressStream } from './progress.ts';

/** Milliseconds between two `progress` events of one artifact. */
const interval = 200;

/**
 * One JSON object a line: the event as the core sent it, and `at`, its time. `progress` comes at most five times
 * a second for each artifact; the last one before it finishes may be left out.
 */
export function jsonLines(stream: ProgressStream, clock: Clock): Progress {
  const shown = new Map<string, number>();
  return {
    emit(event: CoreEvent) {
      const now = clock.now();
      if (event.type === 'progress') {
        if (now.getTime() - (shown.get(event.id) ?? 0) < interval) return;
        shown.set(event.id, now.getTime());
      }
      if (event.type === 'artifact-finished') shown.delete(event.id);
      stream.write(`${JSON.stringify({ at: now.toISOString(), ...event })}\n`);
    },
    above: (write) => write(),
    close() {},
  };
}
