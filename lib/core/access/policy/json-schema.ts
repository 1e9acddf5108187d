import * as z from 'zod';
import { policyDocumentSchema } from '../policy-document.ts';

/** The JSON schema of access policies, for editors: generated from the schema that the parser uses. */
export function policyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(policyDocumentSchema, { target: 'draft-7', io: 'input' }) as Record<string, unknown>;
}
