package dev.linen.powercut;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.linen.inject.FileId;
import dev.linen.powercut.Step.Change;
import dev.linen.powercut.Step.Entries;
import dev.linen.powercut.Step.Resize;
import dev.linen.powercut.Step.Write;

/**
 * Makes the trees of crash states, in the order of their cuts. What every later state has, too, is applied only once:
 * of each file the changes before its first one that isn't durable.
 */
final class Disk {

    private final Run run;
    private final Durability durability;
    private final Tree settled;

    /** The other changes before the cut, by file. */
    private final Map<FileId, List<Integer>> open = new HashMap<>();
    private int cut;

    Disk(Run run, Durability durability) {
        this.run = run;
        this.durability = durability;
        settled = run.start().copy();
    }

    /** Returns what is on the disk. It must not be changed, and is valid until the next call. */
    Tree tree(CrashState state) {
        advance(state.cut());
        Tree tree = new Tree(settled.root(), new HashMap<>(settled.directories()), new HashMap<>(settled.files()),
                settled.links());
        open.forEach((file, changes) -> {
            SortedMap<Path, FileId> directory = tree.directories().get(file);
            if (directory == null) {
                Contents contents = tree.contents(file).copy();
                tree.files().put(file, contents);
                changes.forEach(change -> apply(change, state, contents));
            } else {
                SortedMap<Path, FileId> entries = new TreeMap<>(directory);
                tree.directories().put(file, entries);
                changes.stream().filter(change -> !state.missing().get(change))
                        .forEach(change -> Tree.edit(entries, (Entries) run.change(change)));
            }
        });
        return tree;
    }

    private void apply(int change, CrashState state, Contents contents) {
        if (!state.missing().get(change)) {
            Change whole = run.change(change);
            apply(change == state.damaged() ? state.damage().of((Write) whole) : whole, contents);
        }
    }

    private static void apply(Change change, Contents contents) {
        switch (change) {
            case Write write -> contents.write(write.offset(), write.bytes());
            case Resize resize -> contents.resize(
                    resize.onlyGrows() ? Math.max(resize.length(), contents.length()) : resize.length());
            case Entries impossible -> throw new AssertionError(impossible);
        }
    }

    private void advance(int newCut) {
        for (; cut < newCut; cut++) {
            if (run.steps().get(cut) instanceof Change change) {
                open.computeIfAbsent(change.file(), unknown -> new ArrayList<>()).add(cut);
            }
        }
        open.values().forEach(this::settle);
        open.values().removeIf(List::isEmpty);
    }

    private void settle(List<Integer> changes) {
        int count = 0;
        while (count < changes.size() && durability.isDurable(changes.get(count), cut)) {
            Change change = run.change(changes.get(count));
            if (change instanceof Entries entries) {
                Tree.edit(settled.entries(entries.file()), entries);
            } else {
                apply(change, settled.contents(change.file()));
            }
            count++;
        }
        changes.subList(0, count).clear();
    }
}
