"""How answers look: tables, pages, charts, dialogues."""
