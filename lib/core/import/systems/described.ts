import { withoutCredentials } from '../../sources/signed-url.ts';

/** The description of a release from another system's: text, without what would be a credential in it. */
export function described(value: unknown): { readonly description?: string } {
  return typeof value === 'string' && value.trim() !== '' ? { description: withoutCredentials(value) } : {};
}
