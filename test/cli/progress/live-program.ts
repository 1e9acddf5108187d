import { liveDisplay } from '../../../lib/cli/progress/live-display.ts';
import { systemClock } from '../../../lib/core/clock.ts';

/** Shows two artifacts on the terminal that stderr is, prints a result between, and takes the display away. */
const progress = liveDisplay(process.stderr, systemClock, process.env.NO_COLOR === undefined);
const begun = Date.now();
const total = 100 * 2 ** 20;

progress.emit({ type: 'run-started', job: 'stage', release: 'a@1.0.0', artifacts: 2 });
progress.emit({ type: 'planned', artifacts: 2, bytes: 2 * total });
for (const id of ['one.bin', 'two.bin'])
  progress.emit({ type: 'artifact-started', id, bytes: total, source: undefined });
for (let step = 1; step <= 10; step += 1) {
  await systemClock.sleep(0.06);
  for (const id of ['one.bin', 'two.bin']) progress.emit({ type: 'progress', id, done: step * 10 * 2 ** 20, total });
  if (step === 5) {
    progress.emit({ type: 'attempt', id: 'two.bin', source: 'https://a.example', outcome: 'broken', reason: 'reset' });
    progress.above(() => process.stdout.write('a result\n'));
  }
}
for (const id of ['one.bin', 'two.bin'])
  progress.emit({ type: 'artifact-finished', id, state: 'staged', bytes: total });
progress.emit({ type: 'run-finished', release: 'a@1.0.0', state: 'published', seconds: 1 });
progress.close();
process.stdout.write(`the end after ${(Date.now() - begun) / 1000} s\n`);
