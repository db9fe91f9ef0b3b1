"use strict";
// The token stands behind the `#`, so that it is in no log and no Referer.
const token = location.hash.slice(1);
const zh = navigator.language.toLowerCase().startsWith("zh");
const words = zh
  ? {
      title: "设置 Nohold",
      lead: "请为第一位管理员设置用户名和密码。本页只能使用一次。",
      name: "用户名",
      password: "密码（至少 10 个字符）",
      again: "再次输入密码",
      button: "设置",
      different: "两次输入的密码不一致。",
      noToken: "链接不完整：请从服务器终端或数据目录中的 setup-link 文件复制整个链接。",
      done: "设置完成。添加坐席：nohold user add 用户名 --role agent --agent 工号",
      gone: "无法连接服务器，请稍后重试。",
    }
  : {
      title: "Set up Nohold",
      lead: "Choose the name and password of the first administrator. This page works once.",
      name: "Name",
      password: "Password (10 characters at least)",
      again: "The same password again",
      button: "Set up",
      different: "The two passwords differ.",
      noToken: "The link is not whole: copy all of it from the server's terminal, or from the file setup-link in its data folder.",
      done: "Done. Add agents with: nohold user add NAME --role agent --agent KEY",
      gone: "The server does not answer: try again in a moment.",
    };
const of = (id) => document.getElementById(id);
document.documentElement.lang = zh ? "zh" : "en";
of("title").textContent = words.title;
of("lead").textContent = words.lead;
of("name-label").textContent = words.name;
of("password-label").textContent = words.password;
of("again-label").textContent = words.again;
of("button").textContent = words.button;

const say = (text, wrong) => {
  of("said").textContent = text;
  of("said").className = wrong ? "wrong" : "";
};
const end = (text, wrong) => {
  of("form").hidden = true;
  say(text, wrong);
};
if (!token) end(words.noToken, true);

of("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (of("password").value !== of("again").value) return say(words.different, true);
  of("button").disabled = true;
  try {
    const answer = await fetch("/api/setup", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, name: of("name").value, password: of("password").value }),
    });
    if (answer.ok) {
      history.replaceState(null, "", "/setup");
      return end(words.done, false);
    }
    say((await answer.json()).message, true);
  } catch {
    say(words.gone, true);
  }
  of("button").disabled = false;
});
