import type { HttpResponse } from './http-client.ts';

/** What is read of an answer's head; where that throws, its body is given up first. */
export async function orDiscard<T>(response: HttpResponse, look: () => T): Promise<T> {
  try {
    return look();
  } catch (error) {
    await response.discard();
    throw error;
  }
}
