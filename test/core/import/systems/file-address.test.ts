import { describe, expect, it } from 'vitest';
import { fileAddress } from '../../../../lib/core/import/systems/file-address.ts';

const take = (address: string) => fileAddress(address, []);

describe('an address that another system gives for a file', () => {
  it.each([
    ['https://huggingface.co/o/r/resolve/main/a/b.ckpt', 'hf://o/r@main/a/b.ckpt'],
    ['https://huggingface.co/o/r/resolve/main/b.ckpt?download=true', 'hf://o/r@main/b.ckpt'],
    ['https://huggingface.co/o/r/blob/main/b.ckpt', 'hf://o/r@main/b.ckpt'],
    ['https://huggingface.co/datasets/o/r/resolve/v1/b.bin', 'hf://datasets/o/r@v1/b.bin'],
    ['https://huggingface.co/o/r/resolve/main/a%20b.ckpt', 'hf://o/r@main/a%20b.ckpt'],
  ])('%s is a file on Hugging Face, whose revision can be pinned', (address, source) => {
    expect(take(address)).toEqual({ source, finding: undefined });
  });

  it.each([
    'https://files.example.org/a.ckpt',
    'https://github.com/o/r/releases/download/v1/a.ckpt',
    'https://www.dropbox.com/s/x/a.ckpt?dl=1',
    's3://bucket/a.tar.gz',
  ])('%s stays as it is', (address) => {
    expect(take(address)).toEqual({ source: address, finding: undefined });
  });

  it.each([
    'https://drive.google.com/file/d/1abc/view?usp=sharing',
    'https://drive.google.com/uc?id=1abc',
    'https://drive.proton.me/urls/ABC',
    'https://mega.nz/file/abc',
    'https://www.dropbox.com/s/x/a.ckpt?dl=0',
    'https://mvsep.com',
    'https://example.org/models/',
    'C:\\models\\a.ckpt',
    '/home/me/a.ckpt',
    'file:///home/me/a.ckpt',
    'ftp://example.org/a.ckpt',
    'reports\\stage\\a.ckpt',
    '',
  ])('%s is no file that can be had', (address) => {
    const { source, finding } = take(address);
    expect(source).toBeUndefined();
    expect(finding?.kind).toBe('not-taken');
    expect(finding?.message).not.toContain('/home/me');
  });

  it('a word that nobody replaced is dropped, a template that somebody can complete is kept', () => {
    expect(take('MISSING')).toMatchObject({ source: undefined, finding: { kind: 'placeholder' } });
    const template = 'https://github.com/YOUR_USERNAME/r/releases/download/v1/a.pt';
    expect(take(template)).toMatchObject({ source: template, finding: { kind: 'placeholder' } });
  });

  it('a signed one is a credential, and is not repeated', () => {
    const { source, finding } = take('https://user:hunter2@example.org/a?X-Amz-Signature=abc');
    expect(source).toBeUndefined();
    expect(finding?.kind).toBe('signed-url');
    expect(finding?.message).not.toMatch(/hunter2|abc/u);
  });
});
