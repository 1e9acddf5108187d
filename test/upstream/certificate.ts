import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server certificate and the authority that signed it, as PEM. */
export interface ServerCertificate {
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

/** Makes an authority of its own and a certificate for 127.0.0.1 and the given names, with the openssl program. */
export function createCertificate(names: readonly string[] = []): ServerCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'weighbridge-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  try {
    const authority = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
    openssl('req', '-x509', ...ec, '-subj', '/CN=Test authority', ...authority, '-keyout', 'ca.key', '-out', 'ca.pem');
    openssl('req', ...ec, '-subj', '/CN=Test server', '-keyout', 'key.pem', '-out', 'request.pem');
    const alternatives = ['IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)].join(',');
    writeFileSync(join(folder, 'extensions'), `subjectAltName=${alternatives}\n`);
    const signed = ['-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '30'];
    openssl('x509', ...signed, '-extfile', 'extensions', '-out', 'cert.pem');
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    return { ca: read('ca.pem'), key: read('key.pem'), cert: read('cert.pem') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
