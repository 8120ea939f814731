import { expect, it } from 'vitest';
import { markup } from './markup.js';

it('escapes what is put into a template, so that no name becomes an element or ends an attribute', () => {
  const name = `<img src=x onerror="alert('1')">&`;
  expect(markup`<p title="${name}">${name}</p>`.text).toBe(
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">' +
      '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</p>',
  );
});

it('puts in a list item by item, markup as it is, and undefined as nothing', () => {
  const items = ['a&b', undefined, markup`<b>c</b>`, 0];
  expect(markup`<p>${items}</p>`.text).toBe('<p>a&amp;b<b>c</b>0</p>');
});

it('leaves backslashes alone', () => {
  expect(markup`\n${'\\n'}`.text).toBe('\n\\n');
});
