import * as z from 'zod';

/** What the access API takes and answers: for the application, its clients and its OpenAPI document. */

/** Most files that one call signs. */
export const mostUrls = 1000;

/** Bytes of a request body at most. */
export const longestBody = 256 << 10;

export const urlsRequestSchema = z.strictObject({
  collection: z.string().min(1).max(127),
  /** A version, or `latest`. */
  version: z.string().min(1).max(200),
  /** Files of the release; without it all that the caller may read, at most 1,000. */
  files: z.array(z.string().min(1).max(1024)).min(1).max(mostUrls).optional(),
  /** Seconds that the URLs should live; the answer says how long they do. */
  expiresIn: z.int().min(1).max(604_800).optional(),
  /** Which of the stores: without it the first that answers. */
  store: z.enum(['s3', 'gcs']).optional(),
});
export type UrlsRequest = z.infer<typeof urlsRequestSchema>;

export const signedFileSchema = z.object({
  file: z.string(),
  url: z.string(),
  /** Bytes. */
  size: z.number().int().nonnegative(),
  /** Lowercase hex. */
  sha256: z.string(),
  /** When a request with the URL is refused at the latest; one that has begun runs on. */
  expiresAt: z.iso.datetime(),
});

export const urlsAnswerSchema = z.object({
  collection: z.string(),
  /** The version itself, also where `latest` was asked for. */
  version: z.string(),
  store: z.enum(['s3', 'gcs', 'directory', 'memory']),
  urls: z.array(signedFileSchema),
  /** The release has more files than one call signs: ask for the others by name. */
  truncated: z.boolean(),
});
export type UrlsAnswer = z.infer<typeof urlsAnswerSchema>;
export type SignedFile = z.infer<typeof signedFileSchema>;

export const apiErrorSchema = z.object({
  error: z.object({
    code: z.enum(['Unauthenticated', 'NotFound', 'BadRequest', 'MethodNotAllowed', 'TooLarge', 'Unavailable']),
    message: z.string(),
  }),
});
export type ApiError = z.infer<typeof apiErrorSchema>;

/** `GET /v1/healthz`, by which a client tells the API from a plain mirror. */
export const healthSchema = z.object({ service: z.literal('weighbridge-access'), api: z.literal(1), ok: z.boolean() });
