import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './answer.ts';

/** Receives every count of body bytes as it is handed to the socket. */
export type ByteCounter = (bytes: number) => void;

/** Sends an answer, with whatever goes wrong on its way. Resolves when there is nothing more to send. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  headOnly: boolean,
  counted: ByteCounter,
): Promise<void> {
  if (answer.delaySeconds > 0) await delay(answer.delaySeconds * 1000, undefined, { ref: false });
  if (answer.drop) {
    response.socket?.destroy();
    return;
  }
  response.writeHead(answer.status, answer.headers);
  if (headOnly) {
    response.end();
    return;
  }
  response.flushHeaders();
  const sender = new BodySender(response, answer, counted);
  if (await sender.send()) response.end();
}

class BodySender {
  private readonly response: ServerResponse;
  private readonly answer: Answer;
  private readonly counted: ByteCounter;
  private readonly began = performance.now();
  private sent = 0;

  constructor(response: ServerResponse, answer: Answer, counted: ByteCounter) {
    this.response = response;
    this.answer = answer;
    this.counted = counted;
  }

  /** False when the response must not be ended. */
  async send(): Promise<boolean> {
    const { content, start, end, extra } = this.answer;
    let position = start;
    for await (const piece of content?.read(start, end) ?? []) {
      if (!(await this.write(this.flipped(piece, position)))) return false;
      position += piece.byteLength;
    }
    return extra === 0 || (await this.write(Buffer.alloc(extra, 0x2a)));
  }

  private async write(piece: Uint8Array): Promise<boolean> {
    for (const part of this.paced(piece)) {
      const stop = Math.min(
        this.answer.resetAt ?? Infinity,
        this.answer.stallAt ?? Infinity,
        this.answer.endAt ?? Infinity,
      );
      const room = stop - this.sent;
      await this.put(room < part.byteLength ? part.subarray(0, Math.max(0, room)) : part);
      if (room <= part.byteLength && stop !== Infinity) return await this.stopHere();
      if (this.response.destroyed) return false;
    }
    return true;
  }

  private async put(part: Uint8Array): Promise<void> {
    if (part.byteLength === 0 || this.response.destroyed) return;
    this.sent += part.byteLength;
    this.counted(part.byteLength);
    if (!this.response.write(part)) await drained(this.response);
    const { bytesPerSecond } = this.answer;
    if (bytesPerSecond === undefined) return;
    const ahead = (this.sent / bytesPerSecond) * 1000 - (performance.now() - this.began);
    if (ahead > 5) await delay(ahead, undefined, { ref: false });
  }

  private async stopHere(): Promise<boolean> {
    const { resetAt, endAt } = this.answer;
    // What was written must leave before the connection goes.
    await new Promise<void>((resolve) => this.response.write(Buffer.alloc(0), () => resolve()));
    if (resetAt !== undefined && this.sent >= resetAt) this.response.socket?.resetAndDestroy();
    else if (endAt !== undefined && this.sent >= endAt) this.response.socket?.destroySoon();
    else await once(this.response, 'close');
    return false;
  }

  /** Small pieces where the rate is limited, so that it is even. */
  private *paced(piece: Uint8Array): Generator<Uint8Array> {
    const { bytesPerSecond } = this.answer;
    const step = bytesPerSecond === undefined ? piece.byteLength : Math.max(1, Math.floor(bytesPerSecond / 50));
    for (let at = 0; at < piece.byteLength; at += step) yield piece.subarray(at, at + step);
  }

  private flipped(piece: Uint8Array, position: number): Uint8Array {
    const hits = this.answer.flips.filter((at) => at >= position && at < position + piece.byteLength);
    if (hits.length === 0) return piece;
    const copy = Buffer.from(piece);
    for (const at of hits) copy[at - position] = (copy[at - position] as number) ^ 0xff;
    return copy;
  }
}

/** Resolves when more may be written, or nothing any more. */
async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
