import type { Clock } from '../../core/clock.ts';
import type { Reporter } from '../../core/events.ts';
import type { ProgressMode } from '../program.ts';
import { jsonLines } from './json-lines.ts';
import { plainLines } from './plain-lines.ts';

/** Shows what the core reports, on stderr. */
export interface Progress extends Reporter {
  /** Writes something else to the terminal without being overwritten by the display. */
  above(write: () => void): void;
  /** Takes the display away; nothing is shown afterwards. */
  close(): void;
}

/** The stream that progress goes to. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressSurroundings {
  readonly stream: ProgressStream;
  readonly clock: Clock;
  readonly colour: boolean;
  readonly ci: boolean;
  readonly term: string | undefined;
}

/** `auto`: a live display where a person looks on, plain lines otherwise. */
export async function openProgress(mode: ProgressMode, around: ProgressSurroundings): Promise<Progress> {
  switch (mode) {
    case 'none':
      return { emit() {}, above: (write) => write(), close() {} };
    case 'json':
      return jsonLines(around.stream, around.clock);
    case 'plain':
      return plainLines(around.stream, around.clock);
    case 'auto': {
      const live = around.stream.isTTY === true && !around.ci && around.term !== 'dumb';
      if (!live) return plainLines(around.stream, around.clock);
      const { liveDisplay } = await import('./live-display.ts');
      return liveDisplay(around.stream, around.clock, around.colour);
    }
  }
}
