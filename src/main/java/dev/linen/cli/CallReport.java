package dev.linen.cli;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import dev.linen.internal.calls.Parameter;
import dev.linen.internal.calls.SystemCall;
import dev.linen.internal.linux.Machine;
import dev.linen.syscall.ConstantSet;
import dev.linen.syscall.Linux;

/**
 * A system call as text.
 *
 * @param call the call
 * @param cpu the CPU whose number is shown first
 */
record CallReport(SystemCall call, Cpu cpu) {

    /** A CPU, by the kernel's name. */
    enum Cpu {
        X86_64, AARCH64;

        OptionalInt number(SystemCall call) {
            return this == X86_64 ? call.numberOnX86() : call.numberOnArm();
        }

        static Cpu here() {
            return Machine.THIS == Machine.AARCH64 ? AARCH64 : X86_64;
        }
    }

    private static final int COLUMNS = 80;

    private static final String PAGES = "https://man7.org/linux/man-pages/man2/";

    /** One line of the table; more if the declaration is long. */
    String line() {
        String state = !call.hasEntryPoint()
                ? call.name() + ": no entry point"
                : call.refused().isEmpty() ? declaration() : declaration() + ": refused";
        String start = String.format(Locale.ROOT, "%3s  %-7s %s ", number(cpu), call.since(),
                call.careful().isEmpty() ? " " : "!");
        return Columns.wrapped(start, state, COLUMNS);
    }

    private String declaration() {
        return call.prototype().replaceFirst("^long ", "");
    }

    private String number(Cpu which) {
        OptionalInt number = which.number(call);
        return number.isPresent() ? "" + number.getAsInt() : "-";
    }

    /** Everything, each fact on a line of its own. */
    String full() {
        StringBuilder text = new StringBuilder(Columns.wrapped("", call.prototype(), COLUMNS)).append('\n');
        text.append(row("number", number(Cpu.X86_64) + " on x86_64, "
                + number(Cpu.AARCH64) + " on aarch64"));
        if (!call.hasEntryPoint()) {
            return text.append(row("kernel", "has no entry point: the result is ENOSYS")).toString();
        }
        text.append(row("since", "Linux " + call.since()));
        if (!call.refused().isEmpty()) {
            text.append(row("refused", call.refused()));
        }
        methods().forEach(method -> text.append(row("in Java", method)));
        if (!call.careful().isEmpty()) {
            text.append(row("careful", call.careful()));
        }
        for (Parameter parameter : call.parameters()) {
            text.append(row(parameter.name(), described(parameter)));
        }
        return (call.manPage().isEmpty() ? text : text.append(row("man page", page()))).toString();
    }

    private static String row(String name, String value) {
        return Columns.wrapped(String.format(Locale.ROOT, "%-10s ", name), value, COLUMNS);
    }

    private List<String> methods() {
        return Arrays.stream(Linux.class.getDeclaredMethods()).filter(method -> method.getName().equals(call.name()))
                .map(CallReport::signature).sorted().toList();
    }

    private static String signature(Method method) {
        return "Linux." + method.getName() + Stream.of(method.getParameterTypes()).map(Class::getSimpleName)
                .collect(Collectors.joining(", ", "(", ")"));
    }

    private String described(Parameter parameter) {
        List<String> facts = new ArrayList<>(List.of(parameter.typeInC() + (parameter.isPointer() ? " *" : "")));
        switch (parameter.direction()) {
            case IN -> facts.add("read");
            case OUT -> facts.add("written");
            case INOUT -> facts.add("read and written");
            case EITHER -> facts.add("read or written");
            case NONE -> {
                if (parameter.isNumberOrPointer()) {
                    facts.add("a number or a pointer");
                }
            }
        }
        if (!parameter.length().isEmpty() && !parameter.length().equals("0")) {
            facts.add(parameter.length() + " bytes");
        }
        if (parameter.nullable()) {
            facts.add("or NULL");
        }
        ConstantSet.of(call.name(), parameter.name())
                .ifPresent(set -> facts.add(set.names().stream().sorted().collect(Collectors.joining(" "))));
        return String.join(", ", facts);
    }

    private String page() {
        return PAGES + call.manPage() + ".2.html";
    }

    JsonObject json() {
        JsonObject object = new JsonObject();
        object.addProperty("name", call.name());
        add(object, "x86_64", call.numberOnX86());
        add(object, "aarch64", call.numberOnArm());
        object.addProperty("prototype", call.hasEntryPoint() ? call.prototype() : null);
        object.addProperty("since", call.since().isEmpty() ? null : call.since());
        object.addProperty("page", call.manPage().isEmpty() ? null : page());
        object.addProperty("careful", call.careful().isEmpty() ? null : call.careful());
        object.addProperty("refused", call.refused().isEmpty() ? null : call.refused());
        JsonArray methods = new JsonArray();
        methods().forEach(methods::add);
        object.add("methods", methods);
        return object;
    }

    private static void add(JsonObject object, String cpu, OptionalInt number) {
        object.addProperty(cpu, number.isPresent() ? number.getAsInt() : null);
    }
}
