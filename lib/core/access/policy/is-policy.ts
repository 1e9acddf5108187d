import { InvalidFile } from '../../errors.ts';
import { decodeText } from '../../manifest/decode-text.ts';
import { looseFields } from '../../manifest/manifest-document.ts';
import { readDocument } from '../../manifest/read-document.ts';
import { YamlText } from '../../manifest/yaml-text.ts';

const policyField = /^["']?weighbridgeAccess["']?\s*:/mu;
/** Fields that policies have and manifests have not: one that lacks its first line is still a policy. */
const otherFields = /^(?:issuers|principals|grants)\s*:/mu;
const manifestFields = /^(?:weighbridge|collection|artifacts)\s*:/mu;

/** Is this file an access policy, be it good or bad, rather than a manifest? What it says tells, not its name. */
export function isPolicy(input: string | Uint8Array): boolean {
  const { text } = decodeText(input);
  if (policyField.test(text)) return true;
  if (text.includes('weighbridgeAccess') && isFlow(text)) return 'weighbridgeAccess' in topFields(text);
  return otherFields.test(text) && !manifestFields.test(text);
}

function isFlow(text: string): boolean {
  return /^(?:\s|#[^\n]*\n)*\{/u.test(text);
}

function topFields(text: string): object {
  try {
    return looseFields(readDocument(YamlText.decode(text, '')).value);
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    return {};
  }
}
