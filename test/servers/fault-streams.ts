import { Transform } from 'node:stream';

/** Passes that many bytes and then fails, so that both ends of the pipe are closed. */
export function upTo(limit: number): Transform {
  let left = limit;
  const cut = () => new Error('the fault cuts the connection here');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (chunk.length <= left) {
        left -= chunk.length;
        return done(null, chunk);
      }
      this.push(chunk.subarray(0, left));
      left = 0;
      // What was pushed has to leave before the connection goes.
      setImmediate(() => done(cut()));
    },
    flush(done) {
      // A body that is no longer than the limit is cut at its very end.
      setImmediate(() => done(cut()));
    },
  });
}

/** Passes everything, with another byte at `position`. */
export function flipped(position: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const at = position - seen;
      seen += chunk.length;
      if (at < 0 || at >= chunk.length) return done(null, chunk);
      const copy = Buffer.from(chunk);
      copy[at] = (copy[at] ?? 0) ^ 0x01;
      done(null, copy);
    },
  });
}

/** Passes no more than that many bytes a second. */
export function paced(bytesPerSecond: number): Transform {
  let timer: NodeJS.Timeout | undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      timer = setTimeout(() => done(null, chunk), (chunk.length / bytesPerSecond) * 1000);
    },
    destroy(error, done) {
      clearTimeout(timer);
      done(error);
    },
  });
}
