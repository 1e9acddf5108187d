import { z } from 'zod';

const storeUrl = z
  .string()
  .regex(/^file:.+/, 'expected a store: file:DIR')
  .describe('A store: file:DIR, relative to this file.');

const storesOfAccess = z.union([
  storeUrl,
  z.strictObject({
    primary: storeUrl.describe('The store that releases are proven and published in first.'),
  }),
]);

const origin = z
  .string()
  .refine(isOrigin, 'expected an origin: https://host[:port] or http://host[:port], without a path')
  .describe('An origin that may be plain http or at a private address.');

const tokenUse = z.strictObject({
  for: z
    .enum(['private', 'any'])
    .describe('private: bytes fetched with this token go into private releases only. any: also into public ones.'),
});

/** `weighbridge.yaml`: what an operator decides once for a repository. */
export const configurationSchema = z.strictObject({
  stores: z
    .strictObject({ public: storesOfAccess.optional(), private: storesOfAccess.optional() })
    .optional()
    .describe('Where releases go, per access class.'),
  trustedOrigins: z.array(origin).optional().describe('Exempt from the rules on plain http and private addresses.'),
  placeholders: z
    .array(z.string().min(1))
    .optional()
    .describe('More words that mark a source or digest as not filled in yet.'),
  tokens: z
    .strictObject({ HF_TOKEN: tokenUse.optional(), GITHUB_TOKEN: tokenUse.optional() })
    .optional()
    .describe('What tokens of the environment may be used for.'),
  concurrency: z.int().min(1).max(256).optional().describe('Artifacts that are transferred at the same time.'),
});

/** The file as its author wrote it. */
export type ConfigurationDocument = z.infer<typeof configurationSchema>;

/** Exactly scheme, host and port of an http(s) URL: what `trustedOrigins` and `--trust-origin` take. */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return text === url.origin || text === `${url.origin}/`;
}
