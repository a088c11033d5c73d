package consumer;

import socketeer.loop.SelectLoop;

final class Main {
    public static void main(String[] args) {
        try (SelectLoop loop = new SelectLoop()) {
            if (loop.getMechanism().isEmpty()) throw new IllegalStateException("no loop");
        }
        String module = Main.class.getModule().toString().replaceFirst(" @.*", "");
        System.out.println(module + ": all well");
    }

    private Main() {}
}
