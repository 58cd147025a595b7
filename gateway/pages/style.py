"""How every page looks: one card, system fonts, light and dark, from 320 px on. No script.

What allows something takes clicks a moment after it is shown: the second click of a double click,
meant for a page that closed meanwhile, must not hit it.
"""

STYLE = """
:root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--text:#1c1f24;--soft:#5a616c;
--line:#d5d9e0;--field:#8a919e;--code:#f3f4f6;--warn:#fff4d6;--warn-line:#b78103;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--page:#0c0d10;--card:#16181d;--text:#e8eaee;
--soft:#a4abb8;--line:#333842;--field:#7d8593;--code:#0f1115;--warn:#33290c;--warn-line:#d9a521;
--bad:#ff9b92}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;padding:2rem 1rem;background:var(--page);color:var(--text);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:28rem;margin:0 auto}
.wide header,.wide main,.wide footer{max-width:44rem}
header{display:flex;align-items:center;gap:.6rem;padding:0 .25rem;margin-bottom:1rem;
font-weight:600}
header img{height:2rem;width:auto;max-width:10rem}
main{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--accent);
border-radius:.75rem;padding:1.5rem}
footer{margin-top:1rem;padding:0 .25rem;font-size:.875rem;color:var(--soft)}
h1{font-size:1.375rem;line-height:1.3;margin:0 0 .75rem}
h2{font-size:1.0625rem;line-height:1.3;margin:1.75rem 0 .5rem}
p,ul,ol,dl,pre,form{margin:.75rem 0}
ul,ol{padding-left:1.25rem}
li{margin:.25rem 0}
a{color:var(--accent)}
bdi,code{unicode-bidi:isolate}
code,.code{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
strong.code{font-size:1.125rem;font-weight:700}
.soft{color:var(--soft);font-size:.875rem}
.tag{display:inline-block;border:1px solid var(--warn-line);border-radius:1rem;padding:0 .6rem;
font-size:.8125rem;background:var(--warn)}
.note,.bad{border-left:4px solid var(--warn-line);background:var(--warn);padding:.6rem .85rem;
border-radius:.25rem}
.bad{border-color:var(--bad);background:none;color:var(--bad)}
dl{border:1px solid var(--line);border-radius:.5rem}
dl>div{padding:.6rem .85rem}
dl>div+div{border-top:1px solid var(--line)}
dt{font-size:.8125rem;color:var(--soft)}
dd{margin:0}
pre{background:var(--code);border:1px solid var(--line);border-radius:.5rem;padding:.7rem .85rem;
white-space:pre-wrap;overflow-wrap:anywhere;user-select:all;-webkit-user-select:all}
label{display:block;font-weight:600;margin-bottom:.25rem}
input{width:100%;min-height:2.75rem;padding:.5rem .75rem;font:inherit;color:inherit;
background:var(--card);border:1px solid var(--field);border-radius:.5rem}
.choice{display:flex;gap:.6rem;align-items:center;margin-top:1rem}
.choice input{flex:none;width:1.25rem;min-height:1.25rem;accent-color:var(--accent)}
.choice label{font-weight:400;margin:0}
input.code{font-size:1.25rem;letter-spacing:.1em;text-transform:uppercase}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.25rem}
button,.button{flex:1 1 7rem;min-height:2.75rem;padding:.5rem 1rem;font:inherit;font-weight:600;
text-align:center;text-decoration:none;cursor:pointer;color:var(--accent);background:var(--card);
border:2px solid var(--accent);border-radius:.5rem}
button[value=approve]{animation:ready 1ms .6s backwards}
@keyframes ready{from{pointer-events:none}}
button.main{background:var(--accent);color:var(--card)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
details{border-top:1px solid var(--line)}
details:last-of-type{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.7rem .25rem;font-weight:600}
details>:nth-child(2){margin-top:0}
details>:last-child{margin-bottom:1rem}
main>:last-child{margin-bottom:0}
.why{border:0!important;margin-top:1rem}
.why summary{font-weight:400;color:var(--soft);font-size:.875rem;padding:.25rem 0}
@media (forced-colors:active){main{border-top-color:CanvasText}}
@media (max-width:24rem){body{padding:1rem .5rem}main{padding:1.25rem 1rem}}
"""
