import { failedPrecondition } from '../../serve/preconditions.ts';
import { notModified } from './answers.ts';

/** The answer, or 304 where `If-None-Match` says that the caller has it. @param etag strong, with quotes */
export function unlessKnown(request: Request, etag: string, make: () => Response): Response {
  const condition = (name: string) => (name === 'if-none-match' ? (request.headers.get(name) ?? undefined) : undefined);
  const known = failedPrecondition(condition, { etag, modifiedAt: undefined }) === 304;
  return known ? notModified(etag) : make();
}
